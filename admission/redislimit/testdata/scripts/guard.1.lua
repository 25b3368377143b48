-- guard.lua: closes the epoch when this server is not the process that opened it.
--
-- KEYS[1]  the state hash
-- Result  OK, 0. A server that was restarted, or a replica that took over, has an empty
-- script cache, so nobody's script runs before somebody met NOSCRIPT and ran this. It may
-- have lost the last second of slots although its keys are back.

local info = redis.pcall('INFO', 'server')
local run = type(info) == 'string' and info:match('run_id:(%x+)') or ''
local known = redis.call('HGET', KEYS[1], 'run')
if known and known ~= run then redis.call('HDEL', KEYS[1], 'epoch') end
return {'OK', '0'}
