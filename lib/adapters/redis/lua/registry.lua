--[=[
  Changes the registry, one operation a call, each atomic.

  KEYS[1]   clients by expiry     zset  client -> when its time to live is over (ms)
  ARGV[1]   the operation; what follows is listed with each below
  Derived from the arguments (so the registry lives on one node, not spread over a Redis Cluster):
    cluster_<c>_subscribers       hash  subscriber -> number of clients
    client:<id>                   hash  host, port, room, cluster, subscriber, source
    clients_by_source             hash  where registrations came from -> number of clients
    subscriber:<c>:<n>:clients    set   the clients of a subscriber
    viewers:<c>:<n>:<room>        hash  client -> JSON {host, port}
    audience:<room>               hash  <c>:<n> -> number of clients
]=]

local function loads_key(cluster) return 'cluster_' .. cluster .. '_subscribers' end

-- A key of another type would fail every call that touches it, for good. What it should hold comes back as its clients
-- register again.
local function mend(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then redis.call('DEL', key) end
end

local function mend_place(place, client)
  mend(loads_key(client.cluster), 'hash')
  mend('subscriber:' .. place .. ':clients', 'set')
  mend('viewers:' .. place .. ':' .. client.room, 'hash')
  mend('audience:' .. client.room, 'hash')
end

local function read_hash(key)
  mend(key, 'hash')
  local flat, hash = redis.call('HGETALL', key), {}
  for n = 1, #flat, 2 do hash[flat[n]] = flat[n + 1] end
  return hash
end

-- The subscriber of a cluster with the fewest clients, by number; ties go to the lowest id. And the cluster's load.
local function least_loaded(cluster)
  local best, best_load, sum = nil, nil, 0
  for id, value in pairs(read_hash(loads_key(cluster))) do
    local load = tonumber(value)
    sum = sum + load
    if not best or load < best_load or (load == best_load and tonumber(id) < tonumber(best)) then
      best, best_load = id, load
    end
  end
  return best, sum
end

local function attach(id, client)
  local place = client.cluster .. ':' .. client.subscriber
  mend_place(place, client)
  redis.call('HSET', 'client:' .. id, 'host', client.host, 'port', client.port, 'room', client.room,
    'cluster', client.cluster, 'subscriber', client.subscriber, 'source', client.source or '')
  redis.call('HINCRBY', 'clients_by_source', client.source or '', 1)
  redis.call('SADD', 'subscriber:' .. place .. ':clients', id)
  redis.call('HSET', 'viewers:' .. place .. ':' .. client.room, id,
    cjson.encode({ host = client.host, port = tonumber(client.port) }))
  redis.call('HINCRBY', 'audience:' .. client.room, place, 1)
  redis.call('HINCRBY', loads_key(client.cluster), client.subscriber, 1)
end

local function detach(id, client)
  local place = client.cluster .. ':' .. client.subscriber
  mend_place(place, client)
  redis.call('DEL', 'client:' .. id)
  if redis.call('HINCRBY', 'clients_by_source', client.source or '', -1) <= 0 then
    redis.call('HDEL', 'clients_by_source', client.source or '')
  end
  redis.call('SREM', 'subscriber:' .. place .. ':clients', id)
  redis.call('HDEL', 'viewers:' .. place .. ':' .. client.room, id)
  if redis.call('HINCRBY', 'audience:' .. client.room, place, -1) <= 0 then
    redis.call('HDEL', 'audience:' .. client.room, place)
  end
  -- A subscriber that was removed has no load any more.
  if redis.call('HEXISTS', loads_key(client.cluster), client.subscriber) == 1 then
    redis.call('HINCRBY', loads_key(client.cluster), client.subscriber, -1)
  end
end

local function forget(id)
  redis.call('ZREM', KEYS[1], id)
  local client = read_hash('client:' .. id)
  if not client.room then return 0 end
  detach(id, client)
  return 1
end

local operations = {}

-- ARGV[2..3] number of clusters, subscribers in a new cluster. Fills the clusters that have no subscriber yet.
function operations.seed()
  for cluster = 0, tonumber(ARGV[2]) - 1 do
    mend(loads_key(cluster), 'hash')
    if redis.call('EXISTS', loads_key(cluster)) == 0 then
      for subscriber = 0, tonumber(ARGV[3]) - 1 do redis.call('HSET', loads_key(cluster), subscriber, 0) end
    end
  end
end

-- ARGV[2..3] as for seed, then [4] client [5] host [6] port [7] room [8] cluster or '' [9] expires at (ms) [10] source
-- [11..12] how many clients there may be in all, of one source.
-- Returns { cluster, subscriber }, or what forbids it: 'cluster' when it is unknown, 'clients' or 'source' when there
-- are too many.
function operations.register()
  operations.seed()
  local clusters, id = tonumber(ARGV[2]), ARGV[4]
  local client = { host = ARGV[5], port = ARGV[6], room = ARGV[7], cluster = ARGV[8], source = ARGV[10] }
  if client.cluster ~= '' and tonumber(client.cluster) >= clusters then return 'cluster' end

  local known = read_hash('client:' .. id)
  if not known.room and redis.call('ZCARD', KEYS[1]) >= tonumber(ARGV[11]) then return 'clients' end
  if not known.room or known.source ~= client.source then
    local of_source = redis.call('HGET', 'clients_by_source', client.source)
    if of_source and tonumber(of_source) >= tonumber(ARGV[12]) then return 'source' end
  end
  local stays = known.room == client.room and (client.cluster == '' or client.cluster == known.cluster)
  if known.room then detach(id, known) end
  if stays then
    client.cluster, client.subscriber = known.cluster, known.subscriber
  else
    if client.cluster == '' then
      local best_load
      for cluster = 0, clusters - 1 do
        local subscriber, load = least_loaded(cluster)
        if subscriber and (not best_load or load < best_load) then
          client.cluster, best_load = tostring(cluster), load
        end
      end
    end
    client.subscriber = least_loaded(client.cluster)
  end
  if not client.subscriber then return 'cluster' end
  attach(id, client)
  redis.call('ZADD', KEYS[1], ARGV[9], id)
  return { tonumber(client.cluster), tonumber(client.subscriber) }
end

-- ARGV[2] client. Returns 1 when it was known, else 0.
function operations.unregister() return forget(ARGV[2]) end

-- ARGV[2] now (ms) [3] how many at the most. Returns how many clients were unregistered.
function operations.expire()
  local over = redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', ARGV[2], 'LIMIT', 0, ARGV[3])
  for _, id in ipairs(over) do forget(id) end
  return #over
end

-- ARGV[2] cluster [3] subscriber. Returns 1 when it is new, else 0.
function operations.add() return redis.call('HSETNX', loads_key(ARGV[2]), ARGV[3], 0) end

-- ARGV[2] cluster [3] subscriber. Returns how many clients went to others, -1 when there is no such subscriber, -2
-- when it is the last one of its cluster.
function operations.remove()
  local cluster, subscriber = ARGV[2], ARGV[3]
  if redis.call('HEXISTS', loads_key(cluster), subscriber) == 0 then return -1 end
  if redis.call('HLEN', loads_key(cluster)) == 1 then return -2 end
  redis.call('HDEL', loads_key(cluster), subscriber)
  local ids = redis.call('SMEMBERS', 'subscriber:' .. cluster .. ':' .. subscriber .. ':clients')
  for _, id in ipairs(ids) do
    local client = read_hash('client:' .. id)
    detach(id, client)
    client.subscriber = least_loaded(cluster)
    attach(id, client)
  end
  return #ids
end

return operations[ARGV[1]]()
