--[=[
  Marks windows as final, except those in which a tap has been counted since they were reported.

  KEYS[1]   open  zset  start of a window -> time at which to report it as final (ms)
  ARGV[1]   time (ms) at which the windows were read for the report
  ARGV[2..] starts of the windows (ms)
]=]
for n = 2, #ARGV do
  local over = redis.call('ZSCORE', KEYS[1], ARGV[n])
  if over and tonumber(over) <= tonumber(ARGV[1]) then redis.call('ZREM', KEYS[1], ARGV[n]) end
end
