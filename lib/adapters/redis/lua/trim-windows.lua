--[=[
  Removes windows of a bucket permanently: a later tap in a removed window counts only in its room's totals.

  KEYS[1]   state     hash, see apply-batch.lua
  KEYS[2]   windows   zset
  KEYS[3]   open      zset
  KEYS[4..] window    hash, one for each start
  ARGV      starts of the windows (ms), ascending
]=]
if redis.call('HEXISTS', KEYS[1], ' salt') == 0 then return end
redis.call('HSET', KEYS[1], ' horizon', string.format('%.0f', tonumber(ARGV[#ARGV]) + 1))
for n = 1, #ARGV do
  redis.call('UNLINK', KEYS[3 + n])
  redis.call('ZREM', KEYS[2], ARGV[n])
  redis.call('ZREM', KEYS[3], ARGV[n])
end
