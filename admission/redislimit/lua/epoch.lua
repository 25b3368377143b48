-- epoch.lua: returns the open epoch, after a look whether the server still is the process
-- that opened it: a former master that became one again knows the scripts already, so
-- guard.lua would not run.
--
-- ARGV  anything
-- Result  OK, 0, epoch. O(1). The leader asks every second.

local info = redis.pcall('INFO', 'server')
local run = type(info) == 'string' and info:match('run_id:(%x+)') or ''
local known = call('HGET', stateKey, 'run')
if known and known ~= run then
  call('HDEL', stateKey, 'epoch')
  return {'NOTREADY'}
end
return {'OK', '0', text(state.epoch)}
