--[=[
  Takes from a token bucket, atomically: rate-limiter-flexible's own script, which counts in a fixed window, replaced.
  The bucket is one number, the moment at which it is full again; a key that has expired is a full bucket.

  KEYS[1]   the bucket   string  when it is full again (ms, by the clock of Redis)
  ARGV[1]   tokens to take; to give them back, less than 0
  ARGV[2]   not used: the library's window in whole seconds
  ARGV[3]   tokens of a full bucket
  ARGV[4]   seconds in which an empty one is full again

  Returns   { missing, ms }
            tokens missing to a full bucket and how long until it is full. When there are too few, none is taken:
            one more than a full bucket has, and how long until there are enough.
]=]
local taken, capacity = tonumber(ARGV[1]), tonumber(ARGV[3])
local ms_each = tonumber(ARGV[4]) * 1000 / capacity
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000

local full_in = math.max(0, tonumber(redis.call('GET', KEYS[1]) or now) - now)
local after = math.max(0, full_in + taken * ms_each)
local over = after - capacity * ms_each
-- A thousandth of a ms is lost where the moment is written down.
if taken > 0 and over > 0.01 then return { capacity + 1, math.ceil(over) } end
if after == 0 then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], string.format('%.3f', now + after), 'PX', math.ceil(after))
end
return { math.min(capacity, math.ceil(after / ms_each - 0.01)), math.ceil(after) }
