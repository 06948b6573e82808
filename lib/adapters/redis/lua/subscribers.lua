--[=[
  Creates, adds or removes subscribers of clusters, atomically. All keys are in one slot.

  KEYS[1]    clusters by load        zset  cluster (3 digits) -> number of clients
  KEYS[2..]  for each cluster, from 0 up, two keys:
             subscribers by load     zset  subscriber (4 digits) -> number of clients
             copy for other programs hash  subscriber -> number of clients

  ARGV[1]    'seed', 'add' or 'remove'; each operation lists its further arguments below
]=]
local function delete_wrong_type(key, kind)
  local found = redis.call('TYPE', key).ok
  if found ~= kind and found ~= 'none' then redis.call('DEL', key) end
end

local function keys_of_cluster(cluster) return KEYS[2 + 2 * cluster], KEYS[3 + 2 * cluster] end
local function member_of(subscriber) return string.format('%04d', subscriber) end
local function name_of(cluster) return string.format('%03d', cluster) end

delete_wrong_type(KEYS[1], 'zset')
local operations = {}

-- ARGV[2] number of subscribers in a new cluster. Creates subscribers of clusters that have none, and recomputes from
-- the loads: the sum of each cluster and the copy for other programs.
function operations.seed()
  for cluster = 0, (#KEYS - 1) / 2 - 1 do
    local loads, view = keys_of_cluster(cluster)
    delete_wrong_type(loads, 'zset')
    if redis.call('EXISTS', loads) == 0 then
      for subscriber = 0, tonumber(ARGV[2]) - 1 do redis.call('ZADD', loads, 0, member_of(subscriber)) end
    end
    local all, sum = redis.call('ZRANGE', loads, 0, -1, 'WITHSCORES'), 0
    redis.call('DEL', view)
    for n = 1, #all, 2 do
      sum = sum + tonumber(all[n + 1])
      redis.call('HSET', view, tonumber(all[n]), all[n + 1])
    end
    redis.call('ZADD', KEYS[1], sum, name_of(cluster))
  end
end

-- ARGV[2] cluster, [3] subscriber. Returns 1 when it is new, else 0.
function operations.add()
  local loads, view = keys_of_cluster(ARGV[2])
  redis.call('HSETNX', view, ARGV[3], 0)
  return redis.call('ZADD', loads, 'NX', 0, member_of(ARGV[3]))
end

-- ARGV[2] cluster, [3] subscriber. Returns 1, -1 when there is no such subscriber, or -2 when it is the last one of its
-- cluster. The caller then moves its clients one by one; no new client is assigned to it.
function operations.remove()
  local loads, view = keys_of_cluster(ARGV[2])
  local load = redis.call('ZSCORE', loads, member_of(ARGV[3]))
  if not load then return -1 end
  if redis.call('ZCARD', loads) == 1 then return -2 end
  redis.call('ZREM', loads, member_of(ARGV[3]))
  redis.call('HDEL', view, ARGV[3])
  redis.call('ZINCRBY', KEYS[1], -tonumber(load), name_of(ARGV[2]))
  return 1
end

return operations[ARGV[1]]()
