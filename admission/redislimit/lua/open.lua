-- open.lua: opens the epoch that was built.
--
-- KEYS[1]  the state hash
-- ARGV  prefix being built, epoch, window
-- Result  OK, 0; STALE when somebody else has begun to build. O(1). The run id tells
-- guard.lua later whether the server is still the same process.

if #ARGV == 0 then return {'LOADED'} end
local state = redis.call('HMGET', KEYS[1], 'building', 'built')
if state[1] ~= ARGV[1] then return {'STALE'} end
local info = redis.pcall('INFO', 'server')
local run = type(info) == 'string' and info:match('run_id:(%x+)') or ''
redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'opened', ARGV[2], 'prefix', ARGV[1], 'window', ARGV[3],
  'n', state[2], 'vn', '0', 've', '0', 'turn', '0', 'run', run, 'layout', LAYOUT, 'epoch', ARGV[2])
return {'OK', '0'}
