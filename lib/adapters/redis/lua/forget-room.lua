--[=[
  Removes a room, unless it has changed since the caller read it.

  KEYS[1]  state  hash, see apply-batch.lua
  ARGV[1]  room
  ARGV[2]  its value, as the caller read it
]=]
if redis.call('HGET', KEYS[1], ARGV[1]) == ARGV[2] then redis.call('HDEL', KEYS[1], ARGV[1]) end
