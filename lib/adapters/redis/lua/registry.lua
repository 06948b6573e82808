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
  KEYS[9..]   of each cluster from 0 up, two keys:
              subscribers by load        zset    subscriber (4 digits) -> number of clients
              the same to be read        hash    subscriber -> number of clients

  ARGV[1]     'register' or 'unregister'
  ARGV[2]     the client
  ARGV[3, 4]  what was read of it, '' = nothing; and '1' when that can be understood

  Further ARGV stand with each operation.
]=]
local ID, READ, IS_KNOWN = ARGV[2], ARGV[3], ARGV[4] == '1'

-- A key of another type would fail every call that touches it, for good. What it should hold comes back as its clients
-- register again.
local function mend(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then redis.call('DEL', key) end
end

local function keys_of_cluster(cluster) return KEYS[9 + 2 * cluster], KEYS[10 + 2 * cluster] end

-- Of equal loads the zset has the lowest id first, since all ids have as many digits.
local function least_loaded_subscriber(cluster)
  local loads, view = keys_of_cluster(cluster)
  mend(loads, 'zset')
  mend(view, 'hash')
  return tonumber(redis.call('ZRANGE', loads, 0, 0)[1])
end

-- One that is no longer configured may be in the way of others.
local function least_loaded_cluster(clusters)
  for rank = 0, redis.call('ZCARD', KEYS[3]) - 1 do
    local cluster = tonumber(redis.call('ZRANGE', KEYS[3], rank, rank)[1])
    if cluster < clusters then return cluster end
  end
end

-- A subscriber that was removed has no load any more.
local function change_load(cluster, subscriber, by)
  local loads, view = keys_of_cluster(cluster)
  local member = string.format('%04d', subscriber)
  local load = redis.call('ZSCORE', loads, member)
  if not load or tonumber(load) + by < 0 then return end
  redis.call('ZINCRBY', loads, by, member)
  redis.call('HINCRBY', view, subscriber, by)
  redis.call('ZINCRBY', KEYS[3], by, string.format('%03d', cluster))
end

local function count(key, field, by)
  if redis.call('HINCRBY', key, field, by) <= 0 then redis.call('HDEL', key, field) end
end

local function entry_of(client) return ID .. ' ' .. client.port .. ' ' .. client.host end

local function detach(client, viewers, audience)
  redis.call('ZREM', viewers, entry_of(client))
  count(audience, client.cluster .. ':' .. client.subscriber, -1)
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
      if keys_of_cluster(cluster) then change_load(cluster, subscriber, -1) end
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
if (redis.call('GET', KEYS[4]) or '') ~= READ then return 'changed' end
local known = IS_KNOWN and cjson.decode(READ) or nil
if known then
  local loads, view = keys_of_cluster(known.cluster)
  mend(loads, 'zset')
  mend(view, 'hash')
end

local operations = {}

-- ARGV[5]    only when its time to live is over by then (ms); '' = in any case
-- Returns 1 when it was there, else 0.
function operations.unregister()
  local expires = redis.call('ZSCORE', KEYS[1], ID)
  if ARGV[5] ~= '' and expires and tonumber(expires) > tonumber(ARGV[5]) then return 0 end
  if known then detach(known, KEYS[7], KEYS[8]) end
  redis.call('DEL', KEYS[4])
  return redis.call('ZREM', KEYS[1], ID)
end

-- ARGV[5]    number of clusters
-- ARGV[6..8] host, port, room     [9] the cluster that is asked for, or ''    [10] source
-- ARGV[11]   when its time to live is over (ms); '' = as before
-- ARGV[12]   how long (s) the keys of a room in which nobody registers are kept
-- ARGV[13..] how many clients there may be in all, of one source
-- Returns { cluster, subscriber }, or why not: 'cluster' when it is unknown, 'clients' or 'source' when there are too
-- many, 'unseeded' when the cluster has no subscribers.
function operations.register()
  local clusters, wanted = tonumber(ARGV[5]), tonumber(ARGV[9])
  local client = { host = ARGV[6], port = tonumber(ARGV[7]), room = ARGV[8], source = ARGV[10] }
  if wanted and wanted >= clusters then return 'cluster' end
  local is_there = redis.call('ZSCORE', KEYS[1], ID)
  if not is_there and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[13]) then return 'clients' end
  if not known or known.source ~= client.source then
    local of_source = redis.call('HGET', KEYS[2], client.source)
    if of_source and tonumber(of_source) >= tonumber(ARGV[14]) then return 'source' end
  end

  local stays = known and known.room == client.room and known.cluster < clusters
    and (not wanted or wanted == known.cluster)
    and redis.call('ZSCORE', (keys_of_cluster(known.cluster)), string.format('%04d', known.subscriber))
  if stays then
    client.cluster, client.subscriber = known.cluster, known.subscriber
    detach(known, KEYS[7], KEYS[8])
  else
    client.cluster = wanted or least_loaded_cluster(clusters)
    if not client.cluster or not least_loaded_subscriber(client.cluster) then return 'unseeded' end
    -- First away from where it was, which lowers the load there.
    if known then detach(known, KEYS[7], KEYS[8]) elseif is_there then detach_lost() end
    if not wanted then client.cluster = least_loaded_cluster(clusters) end
    client.subscriber = least_loaded_subscriber(client.cluster)
    if not client.subscriber then return 'unseeded' end
  end

  redis.call('SET', KEYS[4], cjson.encode(client))
  redis.call('ZADD', KEYS[5], client.cluster * 10000 + client.subscriber, entry_of(client))
  count(KEYS[6], client.cluster .. ':' .. client.subscriber, 1)
  count(KEYS[2], client.source, 1)
  change_load(client.cluster, client.subscriber, 1)
  if ARGV[11] ~= '' then redis.call('ZADD', KEYS[1], ARGV[11], ID) end
  redis.call('EXPIRE', KEYS[5], ARGV[12])
  redis.call('EXPIRE', KEYS[6], ARGV[12])
  return { client.cluster, client.subscriber }
end

return operations[ARGV[1]]()
