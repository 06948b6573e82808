--[=[
  Registers, moves or unregisters one client, atomically. All keys are in one slot. What is stored of the client names
  further keys, so the caller reads it first and says what it has read: when that has changed since, nothing is done.

  KEYS[1]     clients by expiry          zset    client -> when its time to live is over (ms)
  KEYS[2]     clients by source          hash    where registrations came from -> number of clients
  KEYS[3]     clusters by load           zset    cluster (3 digits) -> number of clients
  KEYS[4]     the client                 string  JSON {host, port, room, cluster, subscriber, source}
  KEYS[5, 6]  its room: viewers          zset    "client port host" -> cluster * 10000 + subscriber
              its room: audience         hash    "cluster:subscriber" -> number of clients
  KEYS[7, 8]  the same of the room that the client was in before
  KEYS[9..]   of each cluster that ARGV[5] names, two keys:
              subscribers by load        zset    subscriber (4 digits) -> number of clients
              the same to be read        hash    subscriber -> number of clients

  ARGV[1]     'register' or 'unregister'
  ARGV[2]     the client
  ARGV[3, 4]  what was read of it, '' = nothing; and '1' when that can be understood
  ARGV[5]     clusters, separated by commas: first those that it may be given to, then the one that it is in
  ARGV[6]     how many of them it may be given to

  Further ARGV stand with each operation.
]=]
local ID, READ, IS_KNOWN = ARGV[2], ARGV[3], ARGV[4] == '1'

-- A key of another type would fail every call that touches it, for good. What it should hold comes back as its clients
-- register again.
local function mend(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then redis.call('DEL', key) end
end

local candidates, keys_of_cluster = {}, {}
for text in string.gmatch(ARGV[5], '%d+') do
  local cluster, first = tonumber(text), 9 + 2 * #candidates
  candidates[#candidates + 1] = cluster
  keys_of_cluster[cluster] = { loads = KEYS[first], view = KEYS[first + 1] }
end

-- Of equal loads the zset has the lowest id first, since all ids have as many digits.
local function least_loaded_subscriber(cluster)
  return tonumber(redis.call('ZRANGE', keys_of_cluster[cluster].loads, 0, 0)[1])
end

local function least_loaded_cluster()
  local best, best_load
  for n = 1, tonumber(ARGV[6]) do
    local cluster = candidates[n]
    local load = tonumber(redis.call('ZSCORE', KEYS[3], string.format('%03d', cluster)) or nil)
    if load and (not best or load < best_load or (load == best_load and cluster < best)) then
      best, best_load = cluster, load
    end
  end
  return best
end

-- A subscriber that was removed has no load any more.
local function change_load(cluster, subscriber, by)
  local keys = keys_of_cluster[cluster]
  local member = string.format('%04d', subscriber)
  local load = keys and redis.call('ZSCORE', keys.loads, member)
  if not load or tonumber(load) + by < 0 then return end
  redis.call('ZINCRBY', keys.loads, by, member)
  redis.call('HINCRBY', keys.view, subscriber, by)
  redis.call('ZINCRBY', KEYS[3], by, string.format('%03d', cluster))
end

local function count(key, field, by)
  if redis.call('HINCRBY', key, field, by) <= 0 then redis.call('HDEL', key, field) end
end

local function entry_of(client) return ID .. ' ' .. client.port .. ' ' .. client.host end

local function detach(client)
  redis.call('ZREM', KEYS[7], entry_of(client))
  count(KEYS[8], client.cluster .. ':' .. client.subscriber, -1)
  count(KEYS[2], client.source, -1)
  change_load(client.cluster, client.subscriber, -1)
end

-- What was stored of the client is lost, its entry in the room not.
local function detach_lost()
  local entries = redis.call('ZRANGE', KEYS[5], 0, -1, 'WITHSCORES')
  for n = 1, #entries, 2 do
    if string.sub(entries[n], 1, #ID + 1) == ID .. ' ' then
      local place = tonumber(entries[n + 1])
      local cluster, subscriber = math.floor(place / 10000), place % 10000
      redis.call('ZREM', KEYS[5], entries[n])
      count(KEYS[6], cluster .. ':' .. subscriber, -1)
      change_load(cluster, subscriber, -1)
    end
  end
end

mend(KEYS[2], 'hash')
mend(KEYS[3], 'zset')
mend(KEYS[4], 'string')
for n = 5, 7, 2 do
  mend(KEYS[n], 'zset')
  mend(KEYS[n + 1], 'hash')
end
for _, keys in pairs(keys_of_cluster) do
  mend(keys.loads, 'zset')
  mend(keys.view, 'hash')
end
if (redis.call('GET', KEYS[4]) or '') ~= READ then return 'changed' end
local known = IS_KNOWN and cjson.decode(READ) or nil

local operations = {}

-- ARGV[7]    only when its time to live is over by then (ms); '' = in any case
-- Returns 1 when it was there, else 0.
function operations.unregister()
  local expires = redis.call('ZSCORE', KEYS[1], ID)
  if ARGV[7] ~= '' and expires and tonumber(expires) > tonumber(ARGV[7]) then return 0 end
  if known then detach(known) end
  redis.call('DEL', KEYS[4])
  return redis.call('ZREM', KEYS[1], ID)
end

-- ARGV[7..10] host, port, room, source
-- ARGV[11]    '1' when it stays in its cluster if it can
-- ARGV[12]    when its time to live is over (ms); '' = as before
-- ARGV[13]    how long (s) the keys of a room in which nobody registers are kept
-- ARGV[14,15] how many clients there may be in all, of one source
-- Returns { cluster, subscriber }, or why not: 'clients' or 'source' when there are too many, 'unseeded' when the
-- cluster has no subscribers.
function operations.register()
  local client = { host = ARGV[7], port = tonumber(ARGV[8]), room = ARGV[9], source = ARGV[10] }
  local is_there = redis.call('ZSCORE', KEYS[1], ID)
  if not is_there and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[14]) then return 'clients' end
  if not known or known.source ~= client.source then
    local of_source = redis.call('HGET', KEYS[2], client.source)
    if of_source and tonumber(of_source) >= tonumber(ARGV[15]) then return 'source' end
  end

  local stays = known and ARGV[11] == '1'
    and redis.call('ZSCORE', keys_of_cluster[known.cluster].loads, string.format('%04d', known.subscriber))
  local cluster = least_loaded_cluster()
  if not stays and not (cluster and least_loaded_subscriber(cluster)) then return 'unseeded' end
  -- First away from where it was, which lowers the load there.
  if known then detach(known) elseif is_there then detach_lost() end
  client.cluster = stays and known.cluster or least_loaded_cluster()
  client.subscriber = stays and known.subscriber or least_loaded_subscriber(client.cluster)

  redis.call('SET', KEYS[4], cjson.encode(client))
  redis.call('ZADD', KEYS[5], client.cluster * 10000 + client.subscriber, entry_of(client))
  count(KEYS[6], client.cluster .. ':' .. client.subscriber, 1)
  count(KEYS[2], client.source, 1)
  change_load(client.cluster, client.subscriber, 1)
  if ARGV[12] ~= '' then redis.call('ZADD', KEYS[1], ARGV[12], ID) end
  redis.call('EXPIRE', KEYS[5], ARGV[13])
  redis.call('EXPIRE', KEYS[6], ARGV[13])
  return { client.cluster, client.subscriber }
end

return operations[ARGV[1]]()
