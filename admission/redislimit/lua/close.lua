-- close.lua: closes the epoch and begins to build a newer one.
--
-- KEYS[1]  the state hash
-- ARGV  epoch, prefix of the keys to build
-- Result  OK, 0; STALE when this epoch or a newer one was opened already; NEWER when the
--         room has a newer layout. O(1).

if #ARGV == 0 then return {'LOADED'} end
local layout = redis.call('HGET', KEYS[1], 'layout')
if newer(layout) then return {'NEWER', layout} end
local opened = redis.call('HGET', KEYS[1], 'opened')
if opened and tonumber(opened) >= tonumber(ARGV[1]) then return {'STALE'} end
redis.call('HSET', KEYS[1], 'building', ARGV[2], 'built', 0)
redis.call('HDEL', KEYS[1], 'epoch')
return {'OK', '0'}
