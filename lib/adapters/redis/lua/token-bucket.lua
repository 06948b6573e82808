--[=[
  Takes tokens from a token bucket, atomically. Replaces rate-limiter-flexible's script, which counts in fixed windows.
  A bucket is stored as the time at which it is full again; an expired key is a full bucket. So is one that would take
  longer than an empty bucket: the clock of Redis has been set back since.

  KEYS[1]   the bucket   string  time at which it is full again (ms, by the clock of Redis)
  ARGV[1]   tokens to take; negative to return tokens
  ARGV[2]   not used: the library's window in whole seconds
  ARGV[3]   capacity in tokens
  ARGV[4]   seconds in which an empty bucket refills

  Returns   { missing, ms }
            taken: the tokens missing to a full bucket, and the time until it is full
            not taken, as there are too few: capacity + 1, and the time until there are enough
]=]
local taken, capacity = tonumber(ARGV[1]), tonumber(ARGV[3])
local ms_each = tonumber(ARGV[4]) * 1000 / capacity
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000

local full_in = math.max(0, tonumber(redis.call('GET', KEYS[1]) or now) - now)
if full_in > capacity * ms_each + 1 then full_in = 0 end
local after = math.max(0, full_in + taken * ms_each)
local over = after - capacity * ms_each
-- Storing the time with three decimals loses up to a thousandth of a ms.
if taken > 0 and over > 0.01 then return { capacity + 1, math.ceil(over) } end
if after == 0 then
  redis.call('DEL', KEYS[1])
else
  redis.call('SET', KEYS[1], string.format('%.3f', now + after), 'PX', math.ceil(after))
end
return { math.min(capacity, math.ceil(after / ms_each - 0.01)), math.ceil(after) }
