--[=[
  How far the stream has been counted, and which generation of counts is valid.

  KEYS[1]   progress   hash  generation -> its name; topic-partition -> "<highest offset> <latest record time (ms)>"
  ARGV[1]   the operation; what follows is listed with each below
]=]
local operations = {}

local function begin(generation)
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'generation', generation)
end

-- ARGV[2] a new name, taken when there are no counts. Returns the whole hash.
function operations.open()
  if redis.call('HEXISTS', KEYS[1], 'generation') == 0 then begin(ARGV[2]) end
  return redis.call('HGETALL', KEYS[1])
end

-- ARGV[2] the generation [3] a new name; then four for each partition: topic-partition, first offset, last offset,
-- latest record time. Returns 1, or 0 when the counts before one of the first offsets are lost. Then rooms may have been
-- counted without them, so that a new generation begins.
function operations.advance()
  if redis.call('HGET', KEYS[1], 'generation') ~= ARGV[2] then return 0 end
  local set = {}
  for n = 4, #ARGV, 4 do
    local offset, newest = string.match(redis.call('HGET', KEYS[1], ARGV[n]) or '-1 -1', '^(%S+) (%S+)$')
    if tonumber(offset) + 1 < tonumber(ARGV[n + 1]) then
      begin(ARGV[3])
      return 0
    end
    if tonumber(ARGV[n + 2]) > tonumber(offset) then offset = ARGV[n + 2] end
    if tonumber(ARGV[n + 3]) > tonumber(newest) then newest = ARGV[n + 3] end
    set[#set + 1] = ARGV[n]
    set[#set + 1] = offset .. ' ' .. newest
  end
  if #set > 0 then redis.call('HSET', KEYS[1], unpack(set)) end
  return 1
end

-- ARGV[2] the generation that is not to be valid any more [3] a new name.
function operations.discard()
  if redis.call('HGET', KEYS[1], 'generation') == ARGV[2] then begin(ARGV[3]) end
end

return operations[ARGV[1]]()
