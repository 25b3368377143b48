-- run.lua: only pumps.
--
-- ARGV  anything
-- Result  as pump.

return pump.run()
