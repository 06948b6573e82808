--[=[
  Whether a bucket lacks some of its keys, which Redis may have evicted. A bucket without state is not reported: its
  missing progress shows the loss.

  KEYS[1]   state     hash, see apply-batch.lua
  KEYS[2]   windows   zset
  KEYS[3]   open      zset
  KEYS[4..] window    hash, one for each start
  ARGV[1]   windows that start after this (ms) are not yet over
  ARGV[2..] starts of the windows (ms), as the caller read them

  Returns   1 (also when the state is damaged) or 0
]=]
local salt, horizon = unpack(redis.call('HMGET', KEYS[1], ' salt', ' horizon'))
if not salt then return 0 end
horizon = tonumber(horizon or 0)

for n = 2, #ARGV do
  local isListed = redis.call('ZSCORE', KEYS[2], ARGV[n])
  if isListed and redis.call('HGET', KEYS[2 + n], ' salt') ~= salt then return 1 end
  if isListed and tonumber(ARGV[n]) > tonumber(ARGV[1]) and not redis.call('ZSCORE', KEYS[3], ARGV[n]) then return 1 end
end

-- Whether every room's newest windows are listed.
local fields = redis.call('HGETALL', KEYS[1])
for n = 1, #fields, 2 do
  if string.sub(fields[n], 1, 1) ~= ' ' then
    local ok, room = pcall(cmsgpack.unpack, fields[n + 1])
    if not ok or type(room) ~= 'table' or type(room[3]) ~= 'number' then return 1 end
    for w = 4, 3 + room[3] do
      local start = room[w]
      if type(start) ~= 'number' then return 1 end
      if start >= horizon and not redis.call('ZSCORE', KEYS[2], string.format('%.0f', start)) then return 1 end
    end
  end
end
return 0
