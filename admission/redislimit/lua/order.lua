-- order.lua: lines of groups, and the virtual time that makes them fair.
--
-- A line has two levels, so that an account with a hundred groups counts once:
--   <line>            zset  account by virtual time
--   <line> <account>  zset  group number by turn
-- ring:<r> is the line of groups to try; blocked:<r>:<key> is where groups wait that
-- found the key full. <r> is e (express) or n (normal). A group is in one line or, when
-- all its jobs are parked, in none.
--   g:<n>    hash  ring name account keys, at ('ring', a key, or nothing) and turn, which
--                  counts only while the group is in no line
--   vt:<r>   hash  account -> virtual time its next grant starts at
--   blocked  set   keys that have a blocked line
--
-- The first write of a script is HINCRBY, which Redis refuses when out of memory: a
-- script then fails before it changed anything, not half way.

local TURNS = 256 -- more than one call can use
local order = {turn = call('HINCRBY', stateKey, 'turn', TURNS) - TURNS}

function order.nextTurn()
  order.turn = order.turn + 1
  return order.turn
end

order.tags = {n = {}, e = {}}
order.ringEmpty = {n = false, e = false} -- known to be

-- tagOf returns the virtual time of an account's next grant. It may lie behind the
-- ring's clock after a rest; joining the ring then starts at the clock, so that nobody
-- saves up turns.
function order.tagOf(ring, account)
  local tag = order.tags[ring][account]
  if tag == nil then
    tag = tonumber(call('HGET', P .. 'vt:' .. ring, account) or '0')
    order.tags[ring][account] = tag
  end
  return tag
end

-- STRIDE is what a grant costs an account of weight 1 in virtual time.
local STRIDE = 10000

-- strideOf returns what a grant costs an account: half as much with twice the weight.
function order.strideOf(account)
  return math.floor(STRIDE / (slots.capOf('weight=' .. account) or 1))
end

-- charge lets an account pay for a grant made at the virtual time score, and returns that
-- of its next one.
function order.charge(ring, account, score)
  local tag = score + order.strideOf(account)
  state.clock[ring], order.tags[ring][account] = score, tag
  slots.later('HSET', P .. 'vt:' .. ring, account, text(tag))
  return tag
end

-- save keeps what grants have changed.
function order.save()
  call('HSET', stateKey, 'n', text(state.n), 'vn', text(state.clock.n), 've', text(state.clock.e))
end

function order.lineName(ring, at)
  if at == 'ring' then return P .. 'ring:' .. ring end
  return P .. 'blocked:' .. ring .. ':' .. at
end

function order.detach(g)
  local name = order.lineName(g.ring, g.at)
  g.turn = g.turn or number(call('ZSCORE', name .. ' ' .. g.account, g.n))
  call('ZREM', name .. ' ' .. g.account, g.n)
  if call('EXISTS', name .. ' ' .. g.account) == 1 then return end
  call('ZREM', name, g.account)
  if g.at ~= 'ring' and call('EXISTS', order.lineName('n', g.at), order.lineName('e', g.at)) == 0 then
    call('SREM', P .. 'blocked', g.at)
  end
end

function order.attach(g, to)
  local name, score = order.lineName(g.ring, to), order.tagOf(g.ring, g.account)
  if to == 'ring' then
    score = math.max(score, state.clock[g.ring])
    order.ringEmpty[g.ring] = false
  end
  call('ZADD', name .. ' ' .. g.account, text(g.turn), g.n)
  local new = call('ZADD', name, text(score), g.account)
  if new == 1 and to ~= 'ring' then call('SADD', P .. 'blocked', to) end
end

-- move puts a group into the line `to` ('ring', a key, or false for none). A group that
-- was granted something has a new turn; else it keeps its own.
function order.move(g, to)
  local from = g.at
  if from and from ~= to then order.detach(g) end
  g.at = to
  if to then order.attach(g, to) end
  if from ~= to then call('HSET', P .. 'g:' .. g.n, 'at', to or '', 'turn', text(g.turn)) end
end
