-- setwindow.lua: sets how many jobs may be granted and not entered, then pumps.
--
-- ARGV  window
-- Result  as pump.

state.window = tonumber(ARGV[1])
call('HSET', stateKey, 'window', ARGV[1])
return pump.run()
