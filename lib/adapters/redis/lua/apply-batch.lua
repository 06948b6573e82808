--[=[
  Counts a batch in one bucket, atomically: each topic partition's records at most once, each event_id once. All reads
  that can fail come before the first write. Nothing is written if a partition does not continue at its stored progress.

  KEYS[1]    state      hash  room           -> JSON {c: {emoji: taps}, k: emojis in c, l: late taps,
                                                w: [start of a window, newest first, at most 10], t: last change (s)}
                              " p <partition>" -> progress, see `progressOf`
                              " salt"         -> identifies this state; window hashes with another salt are leftovers
                              " horizon"      -> windows that start before this (ms) were removed
  KEYS[2]    windows    zset  start of a window -> start
  KEYS[3]    open       zset  start of a window -> time at which to report it as final (ms)
  KEYS[4..]  ids        set, two for each entry of `p`: the ids of the even and the odd generation
  then       window     hash, one for each entry of `w`: room -> JSON {emoji: taps}, " salt" -> salt of its state
  ARGV[1]    JSON {
               p: [{ t: topic-partition, f: first offset, l: last offset, m: latest record time (ms), a: latest append time (ms),
                     r: [[index of the room, late taps, [[index of the window, emoji, taps], ...]], ...],
                     i: taps with an id, in order: { k: their ids, 12 bytes each, c: [[room, window or 0, emoji, taps], ...],
                        s: [append time (ms), [index in c, ...], ...] } or absent }, ...],
               r: [[room, [index of a touched window, ...]], ...],
               w: [[start, time at which to report it as final (ms) or 0], ...] }        indexes begin at 1
  ARGV[2]    now (ms)
  ARGV[3]    salt for the state if there is none yet
  ARGV[4]    minimum time (ms of append time) that an id is remembered
  ARGV[5]    maximum number of ids in a generation
  ARGV[6]    maximum number of different emojis per room; further ones count as `:other:`

  Returns    {"counted", {topic-partition, offset, newest, ...} of the partitions partly counted before,
              then for each room its state and its touched windows, as stored}
             {"behind", topic-partition, offset, newest, ...}, {"topic_recreated"} or {"damaged"}: nothing was written

  Ids are remembered in generations. A generation ends after ARGV[4] ms or with ARGV[5] ids; the previous one is kept.
  Append time never decreases here, so which taps count depends only on the order of records in the topic, and not on
  how they are divided into batches or how often a batch is delivered.
]=]
local OTHER = ':other:'
local batch = cjson.decode(ARGV[1])
local now, idTtl, idLimit, maxKinds = tonumber(ARGV[2]), tonumber(ARGV[4]), tonumber(ARGV[5]), tonumber(ARGV[6])
local firstWindowKey = 3 + 2 * #batch.p

local function whole(number) return string.format('%.0f', number) end

-- Lua's `unpack` is limited.
local MOST = 4000
local function hmget(key, fields)
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
  local p = { o = -1, m = -1, a = 0, g = 0, b = 0, n = 0, q = 0 }
  if text then
    local o, m, a, g, b, n, q = string.match(text, '^(%-?%d+) (%-?%d+) (%d+) (%d+) (%d+) (%d+) (%d+)$')
    if not o then return nil end
    p.o, p.m, p.a, p.g, p.b, p.n, p.q =
      tonumber(o), tonumber(m), tonumber(a), tonumber(g), tonumber(b), tonumber(n), tonumber(q)
  end
  return p
end

-- Read what is stored.
local fields = { ' salt', ' horizon' }
for _, part in ipairs(batch.p) do fields[#fields + 1] = ' p ' .. part.t end
for _, room in ipairs(batch.r) do fields[#fields + 1] = room[1] end
local stored = hmget(KEYS[1], fields)
redis.call('ZCARD', KEYS[2])
redis.call('ZCARD', KEYS[3])
local salt, horizon = stored[1], tonumber(stored[2] or 0)

local behind, fresh, partial = false, {}, {}
for n, part in ipairs(batch.p) do
  local p = progressOf(stored[2 + n])
  if not p then return { 'damaged' } end
  part.p = p
  if part.l <= p.o then
    if part.m > p.m then return { 'topic_recreated' } end
  elseif part.f > p.o + 1 then
    behind = true
  elseif part.f <= p.o then
    partial[#partial + 1] = part
  else
    fresh[#fresh + 1] = part
    part.ids = { KEYS[2 + 2 * n], KEYS[3 + 2 * n] }
  end
end
local function append_progress(parts, into)
  for _, part in ipairs(parts) do
    into[#into + 1] = part.t
    into[#into + 1] = whole(part.p.o)
    into[#into + 1] = whole(part.p.m)
  end
  return into
end
if behind then return append_progress(batch.p, { 'behind' }) end

local rooms = {}
for n, entry in ipairs(batch.r) do
  local text = stored[2 + #batch.p + n]
  local room = { c = {}, k = 0, l = 0, w = {}, t = 0 }
  if text then
    local ok, value = pcall(cjson.decode, text)
    if not ok or type(value) ~= 'table' or type(value.c) ~= 'table' or type(value.w) ~= 'table'
      or type(value.k) ~= 'number' or type(value.l) ~= 'number' then return { 'damaged' } end
    room = value
  end
  room.name, room.text, room.touched = entry[1], text or '', entry[2]
  rooms[n] = room
end

local windows = {}
for n, entry in ipairs(batch.w) do windows[n] = { start = entry[1], over = entry[2], rooms = {}, names = { ' salt' } } end
for n, room in ipairs(rooms) do
  for _, w in ipairs(room.touched) do
    local names = windows[w].names
    names[#names + 1] = room.name
    windows[w].rooms[#names] = n
  end
end
for n, window in ipairs(windows) do
  window.key = KEYS[firstWindowKey + n]
  local values = hmget(window.key, window.names)
  window.isNew = not salt or values[1] ~= salt
  window.counts, window.texts = {}, {}
  for at, r in pairs(window.rooms) do
    local text = not window.isNew and values[at] or nil
    if text then
      local ok, value = pcall(cjson.decode, text)
      if not ok or type(value) ~= 'table' then return { 'damaged' } end
      window.counts[r], window.texts[r] = value, text
    else
      for _, start in ipairs(rooms[r].w) do
        if start == window.start and window.start >= horizon then return { 'damaged' } end
      end
    end
  end
end

-- Adds to the counts in memory.
local function add(r, w, emoji, taps)
  local room = rooms[r]
  room.isChanged = true
  if w == 0 then
    room.l = room.l + taps
    return
  end
  if not room.c[emoji] and room.k >= maxKinds then emoji = OTHER end
  if not room.c[emoji] then
    room.c[emoji] = 0
    if emoji ~= OTHER then room.k = room.k + 1 end
  end
  room.c[emoji] = room.c[emoji] + taps
  local window = windows[w]
  if window.start < horizon then return end
  if not window.counts[r] then
    window.counts[r] = {}
    local at = 1
    while room.w[at] and room.w[at] > window.start do at = at + 1 end
    if room.w[at] ~= window.start then table.insert(room.w, at, window.start) end
    room.w[11] = nil
  end
  window.counts[r][emoji] = (window.counts[r][emoji] or 0) + taps
  window.isChanged = true
  window.texts[r] = nil
end

-- For each id, whether the generation set of this key contains it.
local function seenIn(key, ids)
  local seen = {}
  for from = 1, #ids, MOST do
    local part = redis.call('SMISMEMBER', key, unpack(ids, from, math.min(from + MOST - 1, #ids)))
    for n = 1, #part do seen[from + n - 1] = part[n] == 1 end
  end
  return seen
end

local function countIdentified(part)
  local p, taps = part.p, part.i
  local ids = {}
  for at = 1, #taps.k, 12 do ids[#ids + 1] = string.sub(taps.k, at, at + 11) end
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
  local first = p.g
  part.first, part.added = first, {}
  local generationOf = {}
  local index = 0
  for n = 1, #taps.s, 2 do
    local time = math.max(p.a, taps.s[n])
    p.a = time
    for _, c in ipairs(taps.s[n + 1]) do
      index = index + 1
      if p.n == 0 and p.q == 0 then
        p.b = time
      elseif time - p.b >= 2 * idTtl then
        p.g, p.b, p.n, p.q = p.g + 2, time, 0, 0
      elseif time - p.b >= idTtl or p.n >= idLimit then
        p.g, p.b, p.n, p.q = p.g + 1, time, 0, p.n
      end
      local id = ids[index]
      local generation = generationOf[id] or (inCurrent[index] and first) or (inPrevious[index] and first - 1)
      if not generation or generation < p.g - 1 then
        generationOf[id] = p.g
        p.n = p.n + 1
        local added = part.added[p.g]
        if not added then
          added = {}
          part.added[p.g] = added
        end
        added[#added + 1] = id
        local combination = taps.c[c]
        add(combination[1], combination[2], combination[3], combination[4])
      end
    end
  end
  return true
end

for _, part in ipairs(fresh) do
  for _, entry in ipairs(part.r) do
    if entry[2] > 0 then add(entry[1], 0, '', entry[2]) end
    for _, taps in ipairs(entry[3]) do add(entry[1], taps[1], taps[2], taps[3]) end
  end
  local p = part.p
  p.wasEmpty = p.n == 0 and p.q == 0
  if part.i and not countIdentified(part) then return { 'damaged' } end
  p.o, p.m, p.a = part.l, math.max(p.m, part.m), math.max(p.a, part.a)
  -- All remembered ids have expired.
  if p.a - p.b >= 2 * idTtl then p.n, p.q = 0, 0 end
end

-- All writes follow.
if #fresh > 0 then
  local changes = {}
  if not salt then
    salt = ARGV[3]
    changes = { ' salt', salt }
    redis.call('DEL', KEYS[2], KEYS[3])
  end
  for _, part in ipairs(fresh) do
    local p = part.p
    changes[#changes + 1] = ' p ' .. part.t
    changes[#changes + 1] = table.concat(
      { whole(p.o), whole(p.m), whole(p.a), whole(p.g), whole(p.b), whole(p.n), whole(p.q) }, ' ')
    local first, isEmpty = part.first or p.g, p.n == 0 and p.q == 0
    if isEmpty or p.wasEmpty or p.g >= first + 2 then
      if not (isEmpty and p.wasEmpty and not part.i) then redis.call('DEL', part.ids[1], part.ids[2]) end
    elseif p.g == first + 1 then
      redis.call('DEL', part.ids[p.g % 2 + 1])
    end
    if part.added and not isEmpty then
      for generation = p.g - 1, p.g do
        if part.added[generation] then call('SADD', part.ids[generation % 2 + 1], part.added[generation]) end
      end
    end
  end
  for _, room in ipairs(rooms) do
    if room.isChanged then
      room.text = cjson.encode({ c = room.c, k = room.k, l = room.l, w = room.w, t = math.floor(now / 1000) })
      changes[#changes + 1] = room.name
      changes[#changes + 1] = room.text
    end
  end
  call('HSET', KEYS[1], changes)
  for _, window in ipairs(windows) do
    if window.isChanged then
      local values = {}
      if window.isNew then
        redis.call('DEL', window.key)
        redis.call('ZADD', KEYS[2], window.start, whole(window.start))
        values = { ' salt', salt }
      end
      for r, counts in pairs(window.counts) do
        if not window.texts[r] then
          window.texts[r] = cjson.encode(counts)
          values[#values + 1] = rooms[r].name
          values[#values + 1] = window.texts[r]
        end
      end
      call('HSET', window.key, values)
      if window.over > 0 then redis.call('ZADD', KEYS[3], 'GT', window.over, whole(window.start)) end
    end
  end
end

local reply = { 'counted', append_progress(partial, {}) }
for r, room in ipairs(rooms) do
  reply[#reply + 1] = room.text
  for _, w in ipairs(room.touched) do reply[#reply + 1] = windows[w].texts[r] or '' end
end
return reply
