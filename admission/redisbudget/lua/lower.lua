-- lower.lua: AWS throttled a call. See Lower in admission/budget/state.go.
-- ARGV 8 cooldown in µs, 9 what is left of the rate

level = math.min(level, 0)
save()
if s[7] and now - s[7] < num(8) then return 0 end
redis.call('HSET', KEYS[1], 'factor', fixed(math.max(num(7), factor * num(9))), 'turned', whole(now))
return 1
