--[=[
  Marks rooms as active: all of them or, when there would be too many, none.

  KEYS[1]   active rooms   zset  room -> time of last activity (ms)
  ARGV[1]   now (ms)
  ARGV[2]   time (ms) that a room stays active
  ARGV[3]   maximum number of active rooms
  ARGV[4..] rooms, without duplicates

  Returns   the inactive rooms that exceed the maximum, in the order given; empty on success
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
