-- explain.lua: says where a job is and what it waits for.
--
-- ARGV  job
-- Result  OK, place, generation, group, jobs ahead, then the full keys, each followed by
--         its number of holders to come and their ids. Changes nothing that counts. O(log n + holders shown).

local SHOWN = 10
local job = ARGV[1]

local function someOf(key)
  local found, ids = call('HSCAN', P .. 's:' .. key, 0, 'COUNT', SHOWN)[2], {}
  for i = 1, math.min(#found, 2 * SHOWN), 2 do ids[#ids + 1] = found[i] end
  return ids
end

local function keysOf(g, place)
  local keys, resource = {unpack(g.keys)}, resourceOf(place)
  if resource then keys[#keys + 1] = 'resource=' .. resource end
  return keys
end

local function aheadIn(n)
  local score = call('ZSCORE', P .. 'q:' .. n, job)
  local mine, other = 'q:', 'p:'
  if not score then
    mine, other = 'p:', 'q:'
    score = call('ZSCORE', P .. 'p:' .. n, job)
  end
  return call('ZRANK', P .. mine .. n, job)
    + call('ZCOUNT', P .. other .. n, '-inf', '(' .. text(number(score)))
end

local h = holder(job)
if h then
  local marked = call('ZSCORE', P .. 'marks', job)
  return {'OK', marked and 'granted' or 'entered', h.generation, h.group, '0'}
end
local place = call('HGET', P .. 'waiting', job)
if not place then return {'OK', 'absent', '0', '', '0'} end
local g = groupOf(place:match('^%d+'))
local out = {'OK', 'waiting', '0', g.name, text(aheadIn(g.n))}
for _, key in ipairs(keysOf(g, place)) do
  if full(key) then
    local ids = someOf(key)
    out[#out + 1] = key
    out[#out + 1] = text(#ids)
    for _, id in ipairs(ids) do out[#out + 1] = id end
  end
end
return out
