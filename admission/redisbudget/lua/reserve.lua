-- reserve.lua: may a call go? See Reserve in admission/budget/state.go.
-- ARGV 8 restore, 9 returning, 10 patience in µs
-- Answers {1, µs until it goes} or {0, µs until it should ask again}.

local restore, patience = ARGV[8] == '1', num(10)
local first = restore and kept >= 1
local function lacking(above) return math.max(0, (above + 1 - level) / rate) end

local wait = lacking(first and 0 or floor)
if wait <= patience and (first or ARGV[9] == '1' or line <= now) then
  level = level - 1
  if first then kept = kept - 1 end
  save()
  return {1, math.ceil(wait)}
end

local gap, own, at = 1 / rate, false, math.max(line, now + math.ceil(wait))
if restore and share > 0 then
  wait = math.max(lacking(0), (1 - kept) / (rate * share))
  local mine = math.max(rline, now + math.ceil(wait))
  if mine < at then gap, own, at = 1 / (rate * share), true, mine end
end
if at + math.ceil(gap) > now + horizon then
  at = math.min(at, now + horizon)
elseif own then
  rline = at + math.ceil(gap)
else
  line = at + math.ceil(gap)
end
save()
return {0, at - now}
