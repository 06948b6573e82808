--[=[
  Registers, moves or unregisters one client, atomically. All keys are in one slot. Its stored record determines
  further keys, so the caller reads it first and passes it on: when it has changed since, nothing is done.

  KEYS[1]     clients by expiry          zset    client -> end of its time to live (ms)
  KEYS[2]     clients by source          hash    address that registrations came from -> number of clients
  KEYS[3]     clusters by load           zset    cluster (3 digits) -> number of clients
  KEYS[4]     the client                 string  JSON {host, port, room, cluster, subscriber, source, caller?};
                                                 port 0: a WebSocket connection, whose id is the client's
  KEYS[5, 6]  its room: viewers          zset    "client port host" -> cluster * 10000 + subscriber
              its room: audience         hash    "cluster:subscriber" -> number of clients
  KEYS[7, 8]  the same for the client's previous room
  KEYS[9..]   for each cluster in ARGV[5], two keys:
              subscribers by load        zset    subscriber (4 digits) -> number of clients
              copy for other programs    hash    subscriber -> number of clients

  ARGV[1]     'register' or 'unregister'
  ARGV[2]     the client's id
  ARGV[3, 4]  its record as the caller read it, '' = none; and '1' when the record is valid
  ARGV[5]     clusters, separated by commas: first the candidates for the client, then its present cluster
  ARGV[6]     number of candidates

  Each operation lists its further arguments below.
]=]
local ID, READ, IS_KNOWN = ARGV[2], ARGV[3], ARGV[4] == '1'

-- A key of a wrong type would make every call fail permanently. Its content is restored as clients register again.
local function delete_wrong_type(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then redis.call('DEL', key) end
end

local candidates, keys_of_cluster = {}, {}
for text in string.gmatch(ARGV[5], '%d+') do
  local cluster, first = tonumber(text), 9 + 2 * #candidates
  candidates[#candidates + 1] = cluster
  keys_of_cluster[cluster] = { loads = KEYS[first], view = KEYS[first + 1] }
end

-- Among equal loads the lowest id comes first, since all ids have the same number of digits.
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

-- A removed subscriber has no load.
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

-- For a client whose record is lost, but not its entry in the room.
local function detach_lost()
  local entries = redis.call('ZRANGE', KEYS[5], 0, -1, 'WITHSCORES')
  for n = 1, #entries, 2 do
    if string.sub(entries[n], 1, #ID + 1) == ID .. ' ' then
      local score = tonumber(entries[n + 1])
      local cluster, subscriber = math.floor(score / 10000), score % 10000
      redis.call('ZREM', KEYS[5], entries[n])
      count(KEYS[6], cluster .. ':' .. subscriber, -1)
      change_load(cluster, subscriber, -1)
    end
  end
end

delete_wrong_type(KEYS[2], 'hash')
delete_wrong_type(KEYS[3], 'zset')
delete_wrong_type(KEYS[4], 'string')
for n = 5, 7, 2 do
  delete_wrong_type(KEYS[n], 'zset')
  delete_wrong_type(KEYS[n + 1], 'hash')
end
for _, keys in pairs(keys_of_cluster) do
  delete_wrong_type(keys.loads, 'zset')
  delete_wrong_type(keys.view, 'hash')
end
if (redis.call('GET', KEYS[4]) or '') ~= READ then return 'changed' end
local known = IS_KNOWN and cjson.decode(READ) or nil

local operations = {}

-- ARGV[7]    only if its time to live ends by this time (ms); '' = in any case
-- Returns 1 when the client was registered, else 0.
function operations.unregister()
  local expires = redis.call('ZSCORE', KEYS[1], ID)
  if ARGV[7] ~= '' and expires and tonumber(expires) > tonumber(ARGV[7]) then return 0 end
  if known then detach(known) end
  redis.call('DEL', KEYS[4])
  return redis.call('ZREM', KEYS[1], ID)
end

-- ARGV[7..10] host, port, room, source (the address that the registration comes from)
-- ARGV[11]    '1' when it keeps its subscriber if that still exists
-- ARGV[12]    end of its time to live (ms); '' = unchanged
-- ARGV[13]    time (s) that the room's keys are kept without further registrations
-- ARGV[14,15] maximum number of clients, in total and per source
-- ARGV[16]    claims (JSON) of the caller that has connected; '' = none
-- Returns { cluster, subscriber }, or the reason of the failure: 'clients' or 'source' when a maximum is reached,
-- 'unseeded' when the cluster has no subscribers.
function operations.register()
  local client = { host = ARGV[7], port = tonumber(ARGV[8]), room = ARGV[9], source = ARGV[10] }
  if ARGV[16] ~= '' then client.caller = ARGV[16] end
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
  -- Detach first, because that lowers the load of the present subscriber.
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
