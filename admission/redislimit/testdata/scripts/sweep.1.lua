-- sweep.lua: removes keys of earlier epochs.
--
-- KEYS[1]  the state hash
-- ARGV  prefix being built, prefix of all keys, cursor, count
-- Result  OK, next cursor; STALE when somebody else has begun to build. O(count). A script,
-- so that in a Cluster it runs on the node that has the keys.

if #ARGV == 0 then return {'LOADED'} end
local build, root = ARGV[1], ARGV[2]
if redis.call('HGET', KEYS[1], 'building') ~= build then return {'STALE'} end
local found = redis.call('SCAN', ARGV[3], 'MATCH', root .. '*', 'COUNT', ARGV[4])
for _, key in ipairs(found[2]) do
  if key ~= KEYS[1] and key:sub(1, #build) ~= build then redis.call('UNLINK', key) end
end
return {'OK', found[1]}
