-- state.lua: the start of every script. It brings a bucket up to now.
--
-- KEYS[1]  the bucket, a hash    KEYS[2]  the index of all buckets, a sorted set
-- ARGV     1 rate a second, 2 burst, 3 share of restores, 4 horizon in µs,
--          5 recovery a second, 6 life of the key in ms, 7 least factor
--
-- The same steps in the same order are bringUp in admission/budget/state.go; a test
-- compares them.

local function num(i) return tonumber(ARGV[i]) end
local function fixed(n) return string.format('%.6f', n) end
local function whole(n) return string.format('%.0f', n) end

local rate, burst, share, horizon = num(1) / 1e6, num(2), num(3), num(4)
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1e6 + tonumber(time[2])
local s = redis.call('HMGET', KEYS[1], 'at', 'level', 'kept', 'line', 'rline', 'factor', 'turned')
for i = 1, 7 do s[i] = s[i] and tonumber(s[i]) end

local factor = 1
if s[7] then factor = math.min(1, s[6] + num(5) * (now - s[7]) / 1e6) end
factor = math.max(factor, num(7))
rate = rate * factor

local quota = share > 0 and math.max(1, share * burst) or 0
local floor = math.min(quota, burst - 1)
local level, kept = burst, quota
if s[1] then
  local passed = math.max(0, now - s[1])
  level = math.min(burst, s[2] + passed * rate)
  kept = math.min(quota, s[3] + passed * rate * share)
end
local line = math.min(math.max(s[4] or 0, now), now + horizon)
local rline = math.min(math.max(s[5] or 0, now), now + horizon)

local function save()
  if not s[1] then redis.call('ZADD', KEYS[2], whole(now), KEYS[1]) end
  redis.call('HSET', KEYS[1], 'at', whole(now), 'level', fixed(level), 'kept', fixed(kept),
    'line', whole(line), 'rline', whole(rline))
  redis.call('PEXPIRE', KEYS[1], ARGV[6])
end
