--[=[
  Counts one room's part of a batch, atomically, each topic partition's part at most once and each event_id once.

  KEYS[1]    offsets of the room   hash  topic-partition -> highest offset counted
  KEYS[2]    totals of the room    hash  emoji -> taps; late taps stand under the empty field
  KEYS[3]    windows of the room   zset  start of a window -> start
  KEYS[4]    open windows          zset  start of a window -> when it is over (ms)
  KEYS[5]    ids of taps counted   zset  id -> when its tap was received (ms)
  KEYS[6]    ids of late taps      zset  the same
  KEYS[7..]  windows touched       hash  emoji -> taps, one key a window
  ARGV[1]    now (ms)
  ARGV[2]    retention of a window (s)
  ARGV[3]    retention of the room's other keys (s)
  ARGV[4]    JSON list, an entry a topic partition:
             { p: topic-partition, f: first offset, l: last offset (strings), late: taps,
               c: [[index of the window from 1, emoji, taps], ...],
               d: taps with an id: [{ w: index of the window, 0 when late, e: emoji, n: taps that each counts,
                                      i: [id, ...], r: [when received (ms), ...] }, ...] }
  ARGV[5]    JSON list, an entry a window key: { s: start, o: when it is over (ms) (strings), e: [emoji, ...] }
  ARGV[6]    how long (ms) an id is remembered
  ARGV[7]    ids received before this (ms) are forgotten
  ARGV[8]    how many ids are remembered at the most, the newest ones

  Returns    { partial, counts, over }
             partial  topic-partition, offset, ... : parts that had been counted only up to that offset. Such a part
                      changes nothing now: the caller leaves out what was counted and calls again.
             counts   a list a window, in the order of ARGV[5]: its taps by emoji, in the order of `e`
             over     starts of the open windows that are over by now
  Fails with WRONGTYPE before anything is changed when a key holds something else.
]=]
local now, window_ttl, room_ttl = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local id_ttl, forget_before, id_limit = tonumber(ARGV[6]), tonumber(ARGV[7]), tonumber(ARGV[8])
local IDS, LATE_IDS, WINDOWS = KEYS[5], KEYS[6], 6
local CHUNK = 500
local partial, counts = {}, {}

for n, key in ipairs(KEYS) do
  local found = redis.call('TYPE', key).ok
  local expected = n >= 3 and n <= 6 and 'zset' or 'hash'
  if found ~= 'none' and found ~= expected then return redis.error_reply('WRONGTYPE ' .. key .. ' is a ' .. found) end
end

-- How many of the ids stand in none of the sets; from now on they stand in the first.
local function remember(ids, received, sets)
  local fresh = 0
  for from = 1, #ids, CHUNK do
    local chunk = { unpack(ids, from, math.min(from + CHUNK - 1, #ids)) }
    local known = {}
    for _, set in ipairs(sets) do
      local scores = redis.call('ZMSCORE', set, unpack(chunk))
      for n = 1, #chunk do
        if scores[n] and math.abs(received[from + n - 1] - tonumber(scores[n])) <= id_ttl then known[n] = true end
      end
    end
    local added = {}
    for n, id in ipairs(chunk) do
      if not known[n] then
        added[#added + 1] = received[from + n - 1]
        added[#added + 1] = id
      end
    end
    if #added > 0 then redis.call('ZADD', sets[1], unpack(added)) end
    fresh = fresh + #added / 2
  end
  return fresh
end

-- How many of the ids stand among the late ones; they do so no longer.
local function withdraw(ids, received)
  local late = 0
  for from = 1, #ids, CHUNK do
    local chunk = { unpack(ids, from, math.min(from + CHUNK - 1, #ids)) }
    local scores = redis.call('ZMSCORE', LATE_IDS, unpack(chunk))
    for n, id in ipairs(chunk) do
      if scores[n] and math.abs(received[from + n - 1] - tonumber(scores[n])) <= id_ttl then
        late = late + redis.call('ZREM', LATE_IDS, id)
      end
    end
  end
  return late
end

local function count(window, emoji, taps)
  if taps == 0 then return end
  if window == 0 then
    redis.call('HINCRBY', KEYS[2], '', taps)
  else
    redis.call('HINCRBY', KEYS[WINDOWS + window], emoji, taps)
    redis.call('HINCRBY', KEYS[2], emoji, taps)
  end
end

for _, part in ipairs(cjson.decode(ARGV[4])) do
  local counted = redis.call('HGET', KEYS[1], part.p)
  local high = counted and tonumber(counted) or -1
  if high < tonumber(part.f) then
    for _, each in ipairs(part.c) do count(each[1], each[2], each[3]) end
    count(0, '', part.late)
    for _, each in ipairs(part.d) do
      -- A late copy of a tap in time is no tap, whichever of them is read first: what is counted is the same in
      -- whatever order partitions are read.
      local sets = each.w == 0 and { LATE_IDS, IDS } or { IDS }
      count(each.w, each.e, each.n * remember(each.i, each.r, sets))
      if each.w > 0 then count(0, '', -each.n * withdraw(each.i, each.r)) end
    end
    redis.call('HSET', KEYS[1], part.p, part.l)
  elseif high < tonumber(part.l) then
    partial[#partial + 1] = part.p
    partial[#partial + 1] = counted
  end
end

for n, window in ipairs(cjson.decode(ARGV[5])) do
  local key = KEYS[WINDOWS + n]
  counts[n] = redis.call('HMGET', key, unpack(window.e))
  -- A window that holds nothing but copies of taps that stand in others is none.
  if redis.call('EXPIRE', key, window_ttl) == 1 then
    redis.call('ZADD', KEYS[3], window.s, window.s)
    redis.call('ZADD', KEYS[4], window.o, window.s)
  end
end
redis.call('ZREMRANGEBYSCORE', KEYS[3], '-inf', now - window_ttl * 1000)
for n = 5, 6 do
  redis.call('ZREMRANGEBYSCORE', KEYS[n], '-inf', '(' .. ARGV[7])
  redis.call('ZREMRANGEBYRANK', KEYS[n], 0, -id_limit - 1)
end
for n = 1, 6 do redis.call('EXPIRE', KEYS[n], room_ttl) end

return { partial, counts, redis.call('ZRANGEBYSCORE', KEYS[4], '-inf', now) }
