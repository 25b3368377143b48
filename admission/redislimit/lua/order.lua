-- order.lua: lines of groups, and the virtual time that makes them fair.
--
-- A line has two levels, so that an account with a hundred groups counts once:
--   <line>            zset  account by virtual time
--   <line> <account>  zset  group number by turn
-- ring:<r> is the line of groups to try; blocked:<r>:<key> is where groups wait that
-- found the key full. <r> is e (express) or n (normal). A group is in one line or, when
-- all its jobs are parked, in none.
--   g:<n>    hash  ring name account keys turn at; at is 'ring', a key, or missing
--   vt:<r>   hash  account -> virtual time its next grant starts at
--   blocked  set   keys that have a blocked line
--
-- The first write of a script is HINCRBY, which Redis refuses when out of memory: a
-- script then fails before it changed anything, not half way.

local TURNS = 256 -- more than one call can use
local turn = call('HINCRBY', stateKey, 'turn', TURNS) - TURNS

local function nextTurn()
  turn = turn + 1
  return turn
end

local clock = {n = tonumber(state[5]), e = tonumber(state[6])}
local tags = {n = {}, e = {}}
local ringEmpty = {n = false, e = false} -- known to be

-- tagOf returns the virtual time of an account's next grant. It may lie behind the
-- ring's clock after a rest; joining the ring then starts at the clock, so that nobody
-- saves up turns.
local function tagOf(ring, account)
  local tag = tags[ring][account]
  if tag == nil then
    tag = tonumber(call('HGET', P .. 'vt:' .. ring, account) or '0')
    tags[ring][account] = tag
  end
  return tag
end

-- STRIDE is what a grant costs an account of weight 1 in virtual time.
local STRIDE = 10000

-- strideOf returns what a grant costs an account: half as much with twice the weight.
local function strideOf(account)
  return math.floor(STRIDE / (capOf('weight=' .. account) or 1))
end

-- charge lets an account pay for a grant made at the virtual time score, and returns that
-- of its next one.
local function charge(ring, account, score)
  local tag = score + strideOf(account)
  clock[ring], tags[ring][account] = score, tag
  call('HSET', P .. 'vt:' .. ring, account, text(tag))
  return tag
end

-- save keeps what grants have changed.
local function save()
  call('HSET', stateKey, 'n', text(lastN), 'vn', text(clock.n), 've', text(clock.e))
end

local function lineName(ring, at)
  if at == 'ring' then return P .. 'ring:' .. ring end
  return P .. 'blocked:' .. ring .. ':' .. at
end

local function detach(g)
  local name = lineName(g.ring, g.at)
  call('ZREM', name .. ' ' .. g.account, g.n)
  if call('EXISTS', name .. ' ' .. g.account) == 1 then return end
  call('ZREM', name, g.account)
  if g.at ~= 'ring' and call('EXISTS', lineName('n', g.at), lineName('e', g.at)) == 0 then
    call('SREM', P .. 'blocked', g.at)
  end
end

local function attach(g, to)
  local name, score = lineName(g.ring, to), tagOf(g.ring, g.account)
  if to == 'ring' then
    score = math.max(score, clock[g.ring])
    ringEmpty[g.ring] = false
  end
  call('ZADD', name .. ' ' .. g.account, text(g.turn), g.n)
  local new = call('ZADD', name, text(score), g.account)
  if new == 1 and to ~= 'ring' then call('SADD', P .. 'blocked', to) end
end

-- move puts a group into the line `to` ('ring', a key, or false for none).
local function move(g, to)
  if g.at and g.at ~= to then detach(g) end
  g.at = to
  if to then
    attach(g, to)
    call('HSET', P .. 'g:' .. g.n, 'at', to, 'turn', text(g.turn))
  else
    call('HDEL', P .. 'g:' .. g.n, 'at')
  end
end
