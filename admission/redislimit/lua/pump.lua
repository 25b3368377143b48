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
local wakeEmpty = false
local wakeLast = nil -- the only member, when there was one

-- offer wakes the keys of a former holder that somebody waits for.
local function offer(keys)
  local blocked = call('SMISMEMBER', P .. 'blocked', unpack(keys))
  for i, key in ipairs(keys) do
    if blocked[i] == 1 or isResource(key) and call('EXISTS', P .. 'r:' .. key:sub(10)) == 1 then
      call('ZADD', P .. 'wake', text(LOOK), key)
    end
  end
end

-- free takes all slots from a holder.
local function free(h)
  call('HDEL', P .. 'holders', h.job)
  call('ZREM', P .. 'marks', h.job)
  for _, key in ipairs(h.keys) do give(key, h.job) end
  offer(h.keys)
end

-- recallOne puts a granted job back into the room when one of its keys is paused. A
-- holder that Rebuild brought has no group to go back to and stays.
local function recallOne(job)
  local h = call('ZSCORE', P .. 'marks', job) and holder(job)
  if not h or h.ring == '-' then return end
  local paused, shared, resource = false, {}, ''
  for _, key in ipairs(h.keys) do
    if isResource(key) then resource = key:sub(10) else shared[#shared + 1] = key end
    paused = paused or capOf(key) == 0
  end
  if not paused then return end
  free(h)
  enqueue(job, h.score, h.ring, h.group, h.account, table.concat(shared, ' '), resource)
end

local function recall(work)
  while work > 0 do
    local first = call('ZPOPMIN', P .. 'recall')
    if not first[1] then
      call('HDEL', stateKey, 'recall')
      state[7] = false
      return work
    end
    recallOne(first[1])
    work = work - 1
  end
  return 0
end

local function rank(ring, score) return ring == 'e' and score + EXPRESS or score end

-- ringTop returns ring, account and virtual time of whose turn it is.
local function ringTop()
  for _, ring in ipairs({'e', 'n'}) do
    local top = ringEmpty[ring] and {} or call('ZRANGE', P .. 'ring:' .. ring, 0, 0, 'WITHSCORES')
    if top[1] then return ring, top[1], number(top[2]) end
    ringEmpty[ring] = true
  end
end

-- blockedTop returns ring and account of who is next for a key. An account served
-- elsewhere meanwhile is moved back in the line first: then account is nil.
local function blockedTop(key)
  for _, ring in ipairs({'e', 'n'}) do
    local name = lineName(ring, key)
    local top = call('ZRANGE', name, 0, 1, 'WITHSCORES')
    if top[1] then
      local tag = tagOf(ring, top[1])
      if top[3] and tag > number(top[4]) then
        call('ZADD', name, text(tag), top[1])
        return ring
      end
      return ring, top[1]
    end
  end
end

-- unpark brings one job back that waits for a resource which is free now.
local function unpark(key)
  local first = call('ZPOPMIN', P .. 'r:' .. key:sub(10))
  if not first[1] then
    call('ZREM', P .. 'wake', key)
    return
  end
  local job, score = first[1], text(number(first[2]))
  local g = groupOf(call('HGET', P .. 'waiting', job):match('^%d+'))
  call('ZREM', P .. 'p:' .. g.n, job)
  call('ZADD', P .. 'q:' .. g.n, score, job)
  if not g.at then move(g, 'ring') end
end

-- wakeTop looks for a free key whose first in line ranks before `limit` (nil: anybody).
-- It returns that group and its virtual time; or 'again' when it only mended a rank or
-- brought a parked job back; or nil when there is nobody.
local function wakeTop(limit)
  if wakeEmpty then return nil end
  local top = call('ZRANGE', P .. 'wake', 0, 1, 'WITHSCORES')
  local key = top[1]
  wakeEmpty, wakeLast = not key, not top[3] and key
  if not key or (limit and number(top[2]) >= limit) then return nil end
  if full(key) then
    call('ZREM', P .. 'wake', key)
    return 'again'
  end
  if isResource(key) then
    unpark(key)
    return 'again'
  end
  local ring, account = blockedTop(key)
  if not ring then call('ZREM', P .. 'wake', key) end
  if not account then return 'again' end
  local score = math.max(tagOf(ring, account), clock[ring])
  local mine = rank(ring, score)
  local after = top[3] and mine > number(top[4])
  if after or (limit and mine >= limit) then
    call('ZADD', P .. 'wake', text(mine), key)
    return after and 'again' or nil
  end
  return groupOf(call('ZRANGE', lineName(ring, key) .. ' ' .. account, 0, 0)[1]), score
end

-- nextLine says where a group goes after a grant: behind a key that is full now, else to
-- the ring. Either way its account's virtual time says when it is next.
local function nextLine(g)
  for _, key in ipairs(g.keys) do
    if full(key) then
      if not wakeEmpty then
        call('ZREM', P .. 'wake', key)
        wakeEmpty = wakeLast == key
      end
      return key
    end
  end
  return 'ring'
end

local function grant(g, job, jobScore, resource, score)
  local h = {job = job, generation = nextGeneration(), since = text(now()), ring = g.ring,
    score = jobScore, group = g.name, account = g.account, keys = {unpack(g.keys)}}
  if resource then h.keys[#h.keys + 1] = 'resource=' .. resource end
  for _, key in ipairs(h.keys) do take(key, job, h.generation) end
  writeHolder(h)
  call('ZADD', P .. 'marks', h.since, job)
  call('ZREM', P .. 'q:' .. g.n, job)
  call('HDEL', P .. 'waiting', job)
  local tag = charge(g.ring, g.account, score)
  g.turn = nextTurn()
  if call('EXISTS', P .. 'q:' .. g.n) == 1 then move(g, nextLine(g)) else settle(g) end
  if g.at ~= 'ring' and not ringEmpty[g.ring] then -- its other groups pay too
    call('ZADD', lineName(g.ring, 'ring'), 'XX', text(tag), g.account)
  end
  return h.generation
end

-- attempt tries the first job of a group.
local function attempt(g, score, out)
  loadCaps(g.keys)
  for _, key in ipairs(g.keys) do
    if full(key) then return move(g, key) end
  end
  local head = call('ZRANGE', P .. 'q:' .. g.n, 0, 0, 'WITHSCORES')
  local job, jobScore = head[1], text(number(head[2]))
  local resource = resourceOf(call('HGET', P .. 'waiting', job))
  if resource and full('resource=' .. resource) then
    return park(g, job, jobScore, resource)
  end
  local generation = grant(g, job, jobScore, resource, score)
  for _, word in ipairs({job, generation, g.name}) do out[#out + 1] = word end
end

-- step does one thing and returns false when there is nothing to do.
local function step(out)
  local ring, account, score = ringTop()
  local woken, wokenScore = wakeTop(ring and rank(ring, score))
  if woken == 'again' then return true end
  if woken then
    attempt(woken, wokenScore, out)
  elseif ring then
    local first = call('ZRANGE', P .. 'ring:' .. ring .. ' ' .. account, 0, 0)[1]
    attempt(groupOf(first), score, out)
  else
    return false
  end
  return true
end

-- pump grants until nothing can be granted or MOVES is used up. It returns the script's
-- answer: OK, what is left to do (0 nothing, 1 more, 2 recalls), then job, generation,
-- group, ...
local function pump()
  local out = {'OK', '0'}
  if lastN + MOVES >= 1e9 then -- generations of this epoch are used up
    call('HDEL', stateKey, 'epoch')
    return {'NOTREADY'}
  end
  local work = MOVES
  if state[7] then work = recall(work) end
  local granted, before = call('ZCARD', P .. 'marks'), lastN
  while work > 0 and granted + lastN - before < window do
    if not step(out) then break end
    work = work - 1
  end
  if lastN > before then save() end
  if work <= 0 then out[2] = state[7] and '2' or '1' end
  return out
end
