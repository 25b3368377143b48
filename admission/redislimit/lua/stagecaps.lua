-- stagecaps.lua: collects a new set of caps beside the old one.
--
-- ARGV  token of this set, then key, slots, ...
-- Result  OK, 0. The set goes away by itself when setcaps.lua does not come. O(caps).

local staged = P .. 'caps:' .. ARGV[1]
for i = 2, #ARGV, 2 do call('HSET', staged, ARGV[i], ARGV[i + 1]) end
call('EXPIRE', staged, 60)
return {'OK', '0'}
