--[=[
  Counts a batch in one bucket, atomically: each topic partition's records at most once, each event_id once. All reads
  that can fail come before the first write. Nothing is written if a partition does not continue at its stored progress.

  KEYS[1]    state      hash  room           -> MessagePack array: late taps, time of the last change (s), number of the
                                                starts that follow, starts of its windows (newest first, at most 10),
                                                then for each emoji: emoji, taps
                              " p <partition>" -> MessagePack array: progress, see `progressOf`
                              " salt"         -> identifies this state; window hashes with another salt are leftovers
                              " horizon"      -> windows that start before this (ms) were removed
  KEYS[2]    windows    zset  start of a window -> start
  KEYS[3]    open       zset  start of a window -> time at which to report it as final (ms)
  KEYS[4..]  ids        set, two for each entry of `p`: the ids of the even and the odd generation
  then       window     hash, one for each window of `w`: room -> MessagePack array: emoji, taps, ...;
                              " salt" -> salt of its state; " large" -> see `LARGE`
  ARGV[1]    MessagePack {
               p: [{ t: topic-partition, f: first offset, l: last offset, m: latest record time (ms), a: latest append time (ms),
                     x: whether `n` and `i` contain its taps (1 or 0),
                     i: taps with an id, in order: { k: their ids, 12 bytes each, d: whether one of them occurs twice (1 or 0),
                        s: [append time (ms), [position in `n` to which to add, taps, ...], ...] } or absent }, ...],
               e: [emoji, ...],
               r: [room, ...],
               w: [start of a window, time at which to report it as final (ms) or 0, ...],
               n: for each room its late taps and its number of touched windows, and for each of these the window and its
                  number of emojis, and for each of these the emoji and its taps; without the taps with an id }
             Rooms, windows and emojis are indexes that begin at 1.
  ARGV[2]    now (ms)
  ARGV[3]    salt for the state if there is none yet
  ARGV[4]    minimum time (ms of append time) that an id is remembered
  ARGV[5]    maximum number of ids in a generation
  ARGV[6]    maximum number of different emojis per room; further ones count as `:other:`

  Returns    {"counted", {topic-partition, offset, newest, ...} of the partitions partly counted before,
              then for each room its state and its touched windows, as stored}
             {"repeated", topic-partition, ...}: nothing was written, because `x` should be 1 for these partitions only
             {"behind", topic-partition, offset, newest, ...}, {"topic_recreated"} or {"damaged"}: nothing was written

  Ids are remembered in generations. A generation ends after ARGV[4] ms or with ARGV[5] ids; the previous one is kept.
  Append time never decreases here, so which taps count depends only on the order of records in the topic, and not on
  how they are divided into batches or how often a batch is delivered.

  Values are MessagePack, because Redis reads and writes it three times as fast as JSON.
]=]
local OTHER = ':other:'
-- Redis searches a hash of up to 512 small values from its beginning. A value of more than 64 bytes makes it a table.
local LARGE_FROM, LARGE = 64, string.rep(' ', 65)
local batch = cmsgpack.unpack(ARGV[1])
local now, idTtl, idLimit, maxKinds = tonumber(ARGV[2]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local names, emojis, numbers = batch.r, batch.e, batch.n
local firstWindowKey = 3 + 2 * #batch.p
local pack, decode, type = cmsgpack.pack, cmsgpack.unpack, type

local function whole(number) return string.format('%.0f', number) end

-- Lua's `unpack` is limited.
local MOST = 4000
local function hmget(key, fields)
  if #fields <= MOST then return redis.call('HMGET', key, unpack(fields)) end
  local values = {}
  for from = 1, #fields, MOST do
    local part = redis.call('HMGET', key, unpack(fields, from, math.min(from + MOST - 1, #fields)))
    for n = 1, #part do values[from + n - 1] = part[n] end
  end
  return values
end
local function call(command, key, arguments)
  for from = 1, #arguments, MOST do
    redis.call(command, key, unpack(arguments, from, math.min(from + MOST - 1, #arguments)))
  end
end

-- o: offset, m: latest record time, a: latest append time, g: generation, b: its begin, n: its number of ids,
-- q: number of ids in the previous generation
local function progressOf(text)
  if not text then return { o = -1, m = -1, a = 0, g = 0, b = 0, n = 0, q = 0 } end
  local p = decode(text)
  if type(p) ~= 'table' or #p ~= 7 then return nil end
  for n = 1, 7 do
    if type(p[n]) ~= 'number' then return nil end
  end
  return { o = p[1], m = p[2], a = p[3], g = p[4], b = p[5], n = p[6], q = p[7] }
end

-- Read what is stored.
local fields = { ' salt', ' horizon' }
for n = 1, #batch.p do fields[2 + n] = ' p ' .. batch.p[n].t end
local firstRoom = #fields
for r = 1, #names do fields[firstRoom + r] = names[r] end
local stored = hmget(KEYS[1], fields)
redis.call('ZCARD', KEYS[2])
redis.call('ZCARD', KEYS[3])
local salt, horizon = stored[1], tonumber(stored[2] or 0)

local isBehind, isRepeated, fresh, partial = false, false, {}, {}
for n, part in ipairs(batch.p) do
  local p = progressOf(stored[2 + n])
  if not p then return { 'damaged' } end
  part.p = p
  local isFresh = false
  if part.l <= p.o then
    if part.m > p.m then return { 'topic_recreated' } end
  elseif part.f > p.o + 1 then
    isBehind = true
  elseif part.f <= p.o then
    partial[#partial + 1] = part
  else
    isFresh = true
    fresh[#fresh + 1] = part
    part.ids = { KEYS[2 + 2 * n], KEYS[3 + 2 * n] }
  end
  if isFresh ~= (part.x == 1) then isRepeated = true end
end
local function append_progress(parts, into)
  for _, part in ipairs(parts) do
    into[#into + 1] = part.t
    into[#into + 1] = whole(part.p.o)
    into[#into + 1] = whole(part.p.m)
  end
  return into
end
if isBehind then return append_progress(batch.p, { 'behind' }) end
if isRepeated then
  local reply = { 'repeated' }
  for _, part in ipairs(fresh) do reply[#reply + 1] = part.t end
  return reply
end

local windows = {}
for n = 1, #batch.w, 2 do
  windows[#windows + 1] =
    { start = batch.w[n], over = batch.w[n + 1], names = { ' salt', ' large' }, last = 2, at = 2, changes = {}, changed = 0 }
end
do
  local at = 1
  for r = 1, #names do
    local touched = numbers[at + 1]
    at = at + 2
    for _ = 1, touched do
      local window = windows[numbers[at]]
      window.last = window.last + 1
      window.names[window.last] = names[r]
      at = at + 2 + 2 * numbers[at + 1]
    end
  end
end
for n, window in ipairs(windows) do
  window.key = KEYS[firstWindowKey + n]
  window.values = hmget(window.key, window.names)
  window.isNew = not salt or window.values[1] ~= salt
end

-- For each id 1 if the generation set of this key contains it.
local function seenIn(key, ids)
  if #ids <= MOST then return redis.call('SMISMEMBER', key, unpack(ids)) end
  local seen = {}
  for from = 1, #ids, MOST do
    local part = redis.call('SMISMEMBER', key, unpack(ids, from, math.min(from + MOST - 1, #ids)))
    for n = 1, #part do seen[from + n - 1] = part[n] end
  end
  return seen
end

-- Adds the taps whose id has not been counted before to `n`.
local function countIdentified(part)
  local p, taps = part.p, part.i
  local keys, sequence = taps.k, taps.s
  local ids = {}
  local sub = string.sub
  for n = 1, #keys / 12 do ids[n] = sub(keys, 12 * n - 11, 12 * n) end
  local current, previous = part.ids[p.g % 2 + 1], part.ids[(p.g + 1) % 2 + 1]
  -- Without ids in the progress, sets are leftovers of another state; a set of another size than recorded is damaged.
  local inCurrent, inPrevious = {}, {}
  if p.n > 0 then
    if redis.call('SCARD', current) ~= p.n then return false end
    inCurrent = seenIn(current, ids)
  end
  if p.q > 0 then
    if redis.call('SCARD', previous) ~= p.q then return false end
    inPrevious = seenIn(previous, ids)
  end
  local first, latest = p.g, p.a
  for n = 1, #sequence, 2 do latest = math.max(latest, sequence[n]) end
  if p.n == 0 and p.q == 0 then p.b = math.max(p.a, sequence[1]) end
  part.first, part.added = first, {}
  local index = 0
  if taps.d == 0 and latest - p.b < idTtl and p.n + #ids <= idLimit then
    -- The usual case: no id occurs twice, and the generation does not end.
    local added, count = {}, 0
    for n = 2, #sequence, 2 do
      local run = sequence[n]
      for m = 1, #run, 2 do
        index = index + 1
        if inCurrent[index] ~= 1 and inPrevious[index] ~= 1 then
          count = count + 1
          added[count] = ids[index]
          local position = run[m]
          numbers[position] = numbers[position] + run[m + 1]
        end
      end
    end
    p.a, p.n = latest, p.n + count
    if count > 0 then part.added[first] = added end
  else
    local generationOf = {}
    for n = 1, #sequence, 2 do
      local time = math.max(p.a, sequence[n])
      p.a = time
      local run = sequence[n + 1]
      for m = 1, #run, 2 do
        index = index + 1
        if p.n == 0 and p.q == 0 then
          p.b = time
        elseif time - p.b >= 2 * idTtl then
          p.g, p.b, p.n, p.q = p.g + 2, time, 0, 0
        elseif time - p.b >= idTtl or p.n >= idLimit then
          p.g, p.b, p.n, p.q = p.g + 1, time, 0, p.n
        end
        local id, g = ids[index], p.g
        local generation = generationOf[id] or (inCurrent[index] == 1 and first) or (inPrevious[index] == 1 and first - 1)
        if not generation or generation < g - 1 then
          generationOf[id] = g
          p.n = p.n + 1
          local added = part.added[g]
          if not added then
            added = {}
            part.added[g] = added
          end
          added[#added + 1] = id
          local position = run[m]
          numbers[position] = numbers[position] + run[m + 1]
        end
      end
    end
  end
  return true
end

for _, part in ipairs(fresh) do
  local p = part.p
  p.wasEmpty = p.n == 0 and p.q == 0
  if part.i and not countIdentified(part) then return { 'damaged' } end
  p.o, p.m, p.a = part.l, math.max(p.m, part.m), math.max(p.a, part.a)
  -- All remembered ids have expired.
  if p.a - p.b >= 2 * idTtl then p.n, p.q = 0, 0 end
end

-- The index of an emoji in an array of emojis and taps that begins at `from`.
local function indexOf(array, from, emoji)
  for n = from, #array, 2 do
    if array[n] == emoji then return n end
  end
end

-- Adds to the totals of a room and, unless the window was removed, to its counts in the window.
local function add(room, counts, emoji, taps)
  local from = 4 + room[3]
  local at = indexOf(room, from, emoji)
  if not at then
    local other = indexOf(room, from, OTHER)
    if emoji ~= OTHER and (#room - from + 1) / 2 - (other and 1 or 0) >= maxKinds then emoji, at = OTHER, other end
    if not at then
      at = #room + 1
      room[at], room[at + 1] = emoji, 0
    end
  end
  room[at + 1] = room[at + 1] + taps
  if not counts then return end
  at = indexOf(counts, 1, emoji)
  if at then
    counts[at + 1] = counts[at + 1] + taps
  else
    at = #counts + 1
    counts[at], counts[at + 1] = emoji, taps
  end
end

-- The position in a room of a window, or of the first older one.
local function positionOf(room, start)
  local at, last = 4, 3 + room[3]
  while at <= last and room[at] > start do at = at + 1 end
  return at, at <= last and room[at] == start
end

local function insertStart(room, start)
  local position, isListed = positionOf(room, start)
  if isListed or position > 13 then return end
  table.insert(room, position, start)
  if room[3] == 10 then table.remove(room, 14) else room[3] = room[3] + 1 end
end

-- Other damage makes arithmetic fail, and with it the script, before anything is written.
local function isRoom(room)
  return type(room) == 'table' and type(room[3]) == 'number' and room[3] >= 0 and room[3] <= 10
    and #room >= 3 + room[3] and (#room - room[3]) % 2 == 1
end

local partlyCounted = append_progress(partial, {})
local reply, changes, replied, changed = { 'counted', partlyCounted }, {}, 2, 0
local seconds, at = math.floor(now / 1000), 1
for r = 1, #names do
  local text = stored[firstRoom + r] or ''
  local room = text == '' and { 0, 0, 0 } or decode(text)
  if not isRoom(room) then return { 'damaged' } end
  local late, touched = numbers[at], numbers[at + 1]
  local isChanged = late > 0
  room[1] = room[1] + late
  local answer = replied + 1
  replied = answer + touched
  at = at + 2
  for n = 1, touched do
    local w, kinds = numbers[at], numbers[at + 1]
    local window = windows[w]
    local start, windowChanged = window.start, false
    at = at + 2
    window.at = window.at + 1
    local windowText = not window.isNew and window.values[window.at] or ''
    local counts = nil
    if windowText ~= '' then
      counts = decode(windowText)
      if type(counts) ~= 'table' or #counts % 2 ~= 0 then return { 'damaged' } end
    elseif room[3] > 0 then
      local _, isListed = positionOf(room, start)
      if isListed and start >= horizon then return { 'damaged' } end
    end
    for _ = 1, kinds do
      local taps = numbers[at + 1]
      if taps > 0 then
        if not windowChanged then
          windowChanged = true
          if start < horizon then
            counts = nil
          elseif not counts then
            counts = {}
            insertStart(room, start)
          end
        end
        add(room, counts, emojis[numbers[at]], taps)
      end
      at = at + 2
    end
    if windowChanged then
      isChanged = true
      if counts then
        windowText = pack(counts)
        local all, last = window.changes, window.changed + 2
        all[last - 1], all[last] = names[r], windowText
        window.changed = last
      end
    end
    reply[answer + n] = windowText
  end
  if isChanged then
    room[2] = seconds
    text = pack(room)
    changed = changed + 2
    changes[changed - 1], changes[changed] = names[r], text
  end
  reply[answer] = text
end

-- All writes follow.
if #fresh > 0 then
  if not salt then
    salt = ARGV[3]
    changes[#changes + 1] = ' salt'
    changes[#changes + 1] = salt
    redis.call('UNLINK', KEYS[2], KEYS[3])
  end
  for _, part in ipairs(fresh) do
    local p = part.p
    changes[#changes + 1] = ' p ' .. part.t
    changes[#changes + 1] = pack({ p.o, p.m, p.a, p.g, p.b, p.n, p.q })
    local first, isEmpty = part.first or p.g, p.n == 0 and p.q == 0
    -- The sets may be large; UNLINK frees them in another thread.
    if isEmpty or p.wasEmpty or p.g >= first + 2 then
      if not (isEmpty and p.wasEmpty and not part.i) then redis.call('UNLINK', part.ids[1], part.ids[2]) end
    elseif p.g == first + 1 then
      redis.call('UNLINK', part.ids[p.g % 2 + 1])
    end
    if part.added and not isEmpty then
      for generation = p.g - 1, p.g do
        if part.added[generation] then call('SADD', part.ids[generation % 2 + 1], part.added[generation]) end
      end
    end
  end
  call('HSET', KEYS[1], changes)
  for _, window in ipairs(windows) do
    if window.changed > 0 then
      if window.isNew then
        redis.call('UNLINK', window.key)
        redis.call('ZADD', KEYS[2], window.start, whole(window.start))
        redis.call('HSET', window.key, ' salt', salt)
      end
      if window.changed > 2 * LARGE_FROM and (window.isNew or not window.values[2]) then
        redis.call('HSET', window.key, ' large', LARGE)
      end
      call('HSET', window.key, window.changes)
      if window.over > 0 then redis.call('ZADD', KEYS[3], 'GT', window.over, whole(window.start)) end
    end
  end
end
return reply
