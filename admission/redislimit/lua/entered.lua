-- entered.lua: the end of enter.lua, for a window that was full.

if call('ZREM', P .. 'marks', ARGV[1]) == 0 then return {'OK', '0'} end
return pump()
