--[=[
  Takes rooms off the list of those to be looked at for windows that are over, unless they were touched since.

  KEYS[1]   rooms to look at   zset  room -> when (ms)
  ARGV[1]   the moment (ms) up to which the caller has looked
  ARGV[2..] rooms
]=]
for n = 2, #ARGV do
  local at = redis.call('ZSCORE', KEYS[1], ARGV[n])
  if at and tonumber(at) <= tonumber(ARGV[1]) then redis.call('ZREM', KEYS[1], ARGV[n]) end
end
