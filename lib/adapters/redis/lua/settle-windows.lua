--[=[
  Notes that windows were reported as final, unless a tap has been counted in them since.

  KEYS[1]   open  zset  start of a window -> when it is over (ms)
  ARGV[1]   the moment (ms) for which they were reported
  ARGV[2..] starts of the windows (ms)
]=]
for n = 2, #ARGV do
  local over = redis.call('ZSCORE', KEYS[1], ARGV[n])
  if over and tonumber(over) <= tonumber(ARGV[1]) then redis.call('ZREM', KEYS[1], ARGV[n]) end
end
