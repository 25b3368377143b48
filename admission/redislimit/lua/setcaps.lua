-- setcaps.lua: puts the staged caps in place of the old, looks at every blocked key and
-- every grant not entered again, then pumps.
--
-- ARGV  token, number of caps
-- Result  as pump; INCOMPLETE when the staged set is not whole (epoch changed, expired).
-- O(blocked keys + grants not entered), all in three commands, and the pump.

local staged = P .. 'caps:' .. ARGV[1]
if call('HLEN', staged) ~= tonumber(ARGV[2]) then return {'INCOMPLETE'} end
if ARGV[2] == '0' then
  call('UNLINK', P .. 'caps')
else
  call('RENAME', staged, P .. 'caps')
  call('PERSIST', P .. 'caps')
end
-- A member of a set counts as 1, so the weight becomes the rank of the blocked keys.
call('ZUNIONSTORE', P .. 'wake', 2, P .. 'wake', P .. 'blocked',
  'WEIGHTS', 1, text(LOOK), 'AGGREGATE', 'MIN')
call('ZUNIONSTORE', P .. 'recall', 1, P .. 'marks')
call('HSET', stateKey, 'recall', '1')
state.recalls = '1'
return pump.run()
