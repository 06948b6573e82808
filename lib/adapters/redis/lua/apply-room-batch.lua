--[=[
  Counts one room's part of a batch, atomically, each topic partition's part at most once.

  KEYS[1]    offsets of the room   hash  topic-partition -> highest offset counted
  KEYS[2]    totals of the room    hash  emoji -> taps; late taps stand under the empty field
  KEYS[3]    windows of the room   zset  start of a window -> start
  KEYS[4]    open windows          zset  start of a window -> when it is over (ms)
  KEYS[5..]  windows touched       hash  emoji -> taps, one key a window
  ARGV[1]    now (ms)
  ARGV[2]    retention of a window (s)
  ARGV[3]    retention of the room's offsets and totals (s)
  ARGV[4]    JSON list, an entry a topic partition:
             { p: topic-partition, f: first offset, l: last offset (strings), late: taps,
               c: [[index of the window from 1, emoji, taps], ...] }
  ARGV[5]    JSON list, an entry a window key: { s: start, o: when it is over (ms) (strings), e: [emoji, ...] }

  Returns    { partial, counts, over }
             partial  topic-partition, offset, ... : parts that had been counted only up to that offset. Such a part
                      changes nothing now: the caller leaves out what was counted and calls again.
             counts   a list a window, in the order of ARGV[5]: its taps by emoji, in the order of `e`
             over     starts of the open windows that are over by now
]=]
local now, window_ttl, room_ttl = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local partial, counts = {}, {}

for _, part in ipairs(cjson.decode(ARGV[4])) do
  local counted = redis.call('HGET', KEYS[1], part.p)
  local high = counted and tonumber(counted) or -1
  if high < tonumber(part.f) then
    for _, count in ipairs(part.c) do
      redis.call('HINCRBY', KEYS[4 + count[1]], count[2], count[3])
      redis.call('HINCRBY', KEYS[2], count[2], count[3])
    end
    if part.late > 0 then redis.call('HINCRBY', KEYS[2], '', part.late) end
    redis.call('HSET', KEYS[1], part.p, part.l)
  elseif high < tonumber(part.l) then
    partial[#partial + 1] = part.p
    partial[#partial + 1] = counted
  end
end

for n, window in ipairs(cjson.decode(ARGV[5])) do
  local key = KEYS[4 + n]
  counts[n] = redis.call('HMGET', key, unpack(window.e))
  redis.call('EXPIRE', key, window_ttl)
  redis.call('ZADD', KEYS[3], window.s, window.s)
  redis.call('ZADD', KEYS[4], window.o, window.s)
end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - window_ttl * 1000)
for n = 1, 4 do redis.call('EXPIRE', KEYS[n], room_ttl) end

return { partial, counts, redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now) }
