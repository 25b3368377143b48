-- pump.lua: hands free slots to waiting jobs.
--
--   wake    zset  keys that have a free slot and someone who waits for it, by the rank
--                 of who waits; a rank may be too low and is mended when met
--   recall  zset  granted jobs to look at after a cap became 0
--
-- What holds between calls: a key with a blocked line or parked jobs is full, or in wake.
-- One pass of the loop does one thing: wake a group or a parked job, set a group aside,
-- park a job, or grant. MOVES passes at most, so a call is O(MOVES * keys * log n).

local MOVES = 64
local EXPRESS = -1e15 -- ranks before every normal one
local LOOK = -2e15    -- not ranked yet

-- Nothing joins wake while the pump runs, so once found empty it stays so.
local pump = {wakeEmpty = false, wakeLast = nil} -- wakeLast: the only member, when there was one

-- offer wakes those of keys, a table of the set `waited` by prefix .. name, that somebody
-- waits for.
function pump.offer(freed, waited, prefix)
  if #freed == 0 then return end
  for i, is in ipairs(call('SMISMEMBER', P .. waited, unpack(freed))) do
    if is == 1 then slots.later('ZADD', P .. 'wake', text(LOOK), prefix .. freed[i]) end
  end
end

-- without returns words joined by spaces without one of them, or nil when none is left.
function pump.without(list, word)
  local left = {}
  for _, w in ipairs(words(list)) do
    if w ~= word then left[#left + 1] = w end
  end
  return left[1] and table.concat(left, ' ')
end

-- freeResources gives back resources, each held by the job of the same place.
function pump.freeResources(resources, jobs)
  if #resources == 0 then return end
  for i, taken in ipairs(call('HMGET', P .. 'taken', unpack(resources))) do
    local left = taken and taken ~= jobs[i] and pump.without(taken, jobs[i])
    if left then
      call('HSET', P .. 'taken', resources[i], left)
    else
      slots.later('HDEL', P .. 'taken', resources[i])
    end
  end
  pump.offer(resources, 'parked', 'resource=')
end

-- free takes all slots from jobs; records are what holders has of them.
function pump.free(jobs, records)
  local keys, seen, resources, owners = {}, {}, {}, {}
  for i, job in ipairs(jobs) do
    local resource, shared = slots.heldBy(records[i])
    slots.later('HDEL', P .. 'holders', job)
    slots.later('ZREM', P .. 'marks', job)
    for _, key in ipairs(shared.keys) do
      slots.later('SREM', slots.slotsOf(key), job)
      if not seen[key] then
        seen[key] = true
        keys[#keys + 1] = key
      end
    end
    slots.countBy(shared.keys, -1)
    if resource then
      resources[#resources + 1], owners[#owners + 1] = resource, job
    end
  end
  pump.freeResources(resources, owners)
  pump.offer(keys, 'blocked', '')
  slots.flush()
end

-- recallOne puts a granted job back into the room when one of its keys is paused. A
-- holder that Rebuild brought has no group to go back to and stays.
function pump.recallOne(job)
  local h = call('ZSCORE', P .. 'marks', job) and slots.holder(job)
  if not h or h.shared.ring == NONE then return end
  local paused, keys = false, h.shared.keys
  for _, key in ipairs(keys) do paused = paused or slots.capOf(key) == 0 end
  if not paused then return end
  pump.free({job}, {call('HGET', P .. 'holders', job)})
  room.enqueue(job, h.score, h.shared.ring, h.shared.group, h.shared.account,
    table.concat(keys, ' '), h.resource or nil)
end

function pump.recall(work)
  while work > 0 do
    local first = call('ZPOPMIN', P .. 'recall')
    if not first[1] then
      call('HDEL', stateKey, 'recall')
      state.recalls = false
      return work
    end
    pump.recallOne(first[1])
    work = work - 1
  end
  return 0
end

function pump.rank(ring, score) return ring == 'e' and score + EXPRESS or score end

-- ringTop returns ring, account and virtual time of whose turn it is.
function pump.ringTop()
  for _, ring in ipairs({'e', 'n'}) do
    local top = order.ringEmpty[ring] and {} or call('ZRANGE', P .. 'ring:' .. ring, 0, 0, 'WITHSCORES')
    if top[1] then return ring, top[1], number(top[2]) end
    order.ringEmpty[ring] = true
  end
end

-- blockedTop returns ring and account of who is next for a key. An account served
-- elsewhere meanwhile is moved back in the line first: then account is nil.
function pump.blockedTop(key)
  for _, ring in ipairs({'e', 'n'}) do
    local name = order.lineName(ring, key)
    local top = call('ZRANGE', name, 0, 1, 'WITHSCORES')
    if top[1] then
      local tag = order.tagOf(ring, top[1])
      if top[3] and tag > number(top[4]) then
        call('ZADD', name, text(tag), top[1])
        return ring
      end
      return ring, top[1]
    end
  end
end

-- unpark brings one job back that waits for a resource, when that is free.
function pump.unpark(resource)
  local first = call('HEXISTS', P .. 'taken', resource) == 0
    and call('ZPOPMIN', P .. 'r:' .. resource)
  if first and first[1] then
    local job = first[1]
    local n, rest = cut(call('HGET', P .. 'waiting', job))
    local g = room.groupOf(n)
    room.forget(g)
    call('ZREM', P .. 'p:' .. n, job)
    call('ZADD', P .. 'q:' .. n, cut(rest), job .. ' ' .. rest)
    if not g.at then order.move(g, 'ring') end
    return
  end
  if first then call('SREM', P .. 'parked', resource) end
  call('ZREM', P .. 'wake', 'resource=' .. resource)
end

-- wakeTop looks for a free key whose first in line ranks before `limit` (nil: anybody).
-- It returns that group and its virtual time; or 'again' when it only mended a rank or
-- brought a parked job back; or nil when there is nobody.
function pump.wakeTop(limit)
  if pump.wakeEmpty then return nil end
  local top = call('ZRANGE', P .. 'wake', 0, 1, 'WITHSCORES')
  local key = top[1]
  pump.wakeEmpty, pump.wakeLast = not key, not top[3] and key
  if not key or (limit and number(top[2]) >= limit) then return nil end
  if key:sub(1, 9) == 'resource=' then
    pump.unpark(key:sub(10))
    return 'again'
  end
  if slots.full(key) then
    call('ZREM', P .. 'wake', key)
    return 'again'
  end
  local ring, account = pump.blockedTop(key)
  if not ring then call('ZREM', P .. 'wake', key) end
  if not account then return 'again' end
  local score = math.max(order.tagOf(ring, account), state.clock[ring])
  local mine = pump.rank(ring, score)
  local after = top[3] and mine > number(top[4])
  if after or (limit and mine >= limit) then
    call('ZADD', P .. 'wake', text(mine), key)
    return after and 'again' or nil
  end
  return room.groupOf(call('ZRANGE', order.lineName(ring, key) .. ' ' .. account, 0, 0)[1]), score
end

-- nextLine says where a group goes after a grant: behind a key that is full now, else to
-- the ring. Either way its account's virtual time says when it is next.
function pump.nextLine(g)
  for _, key in ipairs(g.keys) do
    if slots.full(key) then
      if not pump.wakeEmpty then
        call('ZREM', P .. 'wake', key)
        pump.wakeEmpty = pump.wakeLast == key
      end
      return key
    end
  end
  return 'ring'
end

-- grant gives the first job of a group its slots; its resource is taken already.
function pump.grant(g, job, jobScore, resource, score)
  g.tail = g.tail or table.concat({g.ring, g.name, g.account, g.list}, ' ')
  local generation = slots.nextGeneration()
  slots.writeHolder(job, generation, jobScore, resource, g.tail)
  for _, key in ipairs(g.keys) do slots.later('SADD', slots.slotsOf(key), job) end
  slots.countBy(g.keys, 1)
  slots.later('HDEL', P .. 'waiting', job)
  room.spend(g)
  local tag = order.charge(g.ring, g.account, score)
  g.turn = order.nextTurn()
  if room.waitsIn(g) then order.move(g, pump.nextLine(g)) else room.settle(g) end
  if g.at ~= 'ring' and not order.ringEmpty[g.ring] then -- its other groups pay too
    call('ZADD', order.lineName(g.ring, 'ring'), 'XX', text(tag), g.account)
  end
  return generation
end

-- attempt tries the first job of a group.
function pump.attempt(g, score, out)
  for _, key in ipairs(g.keys) do
    if slots.full(key) then return order.move(g, key) end
  end
  local job, jobScore, resource = room.head(g)
  if resource and call('HSETNX', P .. 'taken', resource, job) == 0 then
    return room.park(g, job, jobScore, resource)
  end
  local generation = pump.grant(g, job, jobScore, resource, score)
  for _, word in ipairs({job, generation, g.name}) do out[#out + 1] = word end
end

-- step does one thing and returns false when there is nothing to do.
function pump.step(out)
  local ring, account, score = pump.ringTop()
  local woken, wokenScore = pump.wakeTop(ring and pump.rank(ring, score))
  if woken == 'again' then return true end
  if woken then
    pump.attempt(woken, wokenScore, out)
  elseif ring then
    local first = call('ZRANGE', P .. 'ring:' .. ring .. ' ' .. account, 0, 0)[1]
    pump.attempt(room.groupOf(first), score, out)
  else
    return false
  end
  return true
end

-- pump grants until nothing can be granted or MOVES is used up. It returns the script's
-- answer: OK, what is left to do (0 nothing, 1 more, 2 recalls), then job, generation,
-- group, ...
function pump.run()
  local out = {'OK', '0'}
  if state.n + MOVES >= 1e9 then -- generations of this epoch are used up
    call('HDEL', stateKey, 'epoch')
    return {'NOTREADY'}
  end
  local work = MOVES
  if state.recalls then work = pump.recall(work) end
  local granted, before = call('ZCARD', P .. 'marks'), state.n
  while work > 0 and granted + state.n - before < state.window do
    if not pump.step(out) then break end
    work = work - 1
  end
  for _, g in pairs(room.groups) do room.forget(g) end
  slots.flush()
  if state.n > before then order.save() end
  if work <= 0 then out[2] = state.recalls and '2' or '1' end
  return out
end
