--[=[
  Counts rooms as active, all of them or, when there are too many, none.

  KEYS[1]   active rooms   zset  room -> when it was last active (ms)
  ARGV[1]   now (ms)
  ARGV[2]   how long (ms) a room is active
  ARGV[3]   how many rooms may be
  ARGV[4..] rooms, each once

  Returns   the rooms that are too many: new ones, in the order given
]=]
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[1] - ARGV[2])
local free, surplus = ARGV[3] - redis.call('ZCARD', KEYS[1]), {}
for n = 4, #ARGV do
  if not redis.call('ZSCORE', KEYS[1], ARGV[n]) then
    free = free - 1
    if free < 0 then surplus[#surplus + 1] = ARGV[n] end
  end
end
if #surplus == 0 then
  for n = 4, #ARGV do redis.call('ZADD', KEYS[1], 'GT', ARGV[1], ARGV[n]) end
end
return surplus
