-- enter.lua: takes the mark off a grant, then pumps what the window lets through.
--
-- ARGV  job, generation
-- Result  as pump, or STALE when the job does not hold slots under this generation.
-- O(log n), and the pump only when the window was full: else entering lets nobody through.
-- This part comes before the room's functions, which most calls then do not need;
-- entered.lua goes on after them.

local entering = holder(ARGV[1])
if not entering or entering.generation ~= ARGV[2] then return {'STALE'} end
if call('ZCARD', P .. 'marks') < window then
  call('ZREM', P .. 'marks', ARGV[1])
  return {'OK', '0'}
end
