-- KEYS[1]: a person's leases, a hash of lease -> JSON. ARGV: the deed, what it needs as JSON. Returns JSON.
-- `stopped_by` is on those that another device took over; they count no more and are kept to tell their device.
local deed, asked = ARGV[1], cjson.decode(ARGV[2])
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local leases, active, stopped = {}, {}, {}
local stored = redis.call('HGETALL', KEYS[1])
for index = 1, #stored, 2 do
    local id, lease = stored[index], cjson.decode(stored[index + 1])
    if lease.until_ms <= now then
        redis.call('HDEL', KEYS[1], id)
    else
        lease.lease = id
        leases[id] = lease
        local list = lease.stopped_by and stopped or active
        list[#list + 1] = lease
    end
end
table.sort(stopped, function(one, other) return one.until_ms > other.until_ms end)
for index = asked.told_most + 1, #stopped do
    leases[stopped[index].lease] = nil
    redis.call('HDEL', KEYS[1], stopped[index].lease)
end
table.sort(active, function(one, other) return one.started_ms < other.started_ms end)

local function keep(lease, for_ms)
    lease.until_ms = now + for_ms
    redis.call('HSET', KEYS[1], lease.lease, cjson.encode(lease))
    if redis.call('PTTL', KEYS[1]) < for_ms then redis.call('PEXPIRE', KEYS[1], for_ms) end
end

local function stop(lease, by)
    lease.stopped_by, lease.stopped_by_name = by.lease, by.device_name
    keep(lease, asked.told_for_ms)
end

if deed == 'take' then
    local new, mine, stopping, others, wanted = asked.new, nil, {}, 0, {}
    for _, id in ipairs(asked.take_over) do wanted[id] = true end
    for id, lease in pairs(leases) do
        if lease.device_id == new.device_id then
            -- A device that was stopped and asks again begins anew.
            if lease.stopped_by then redis.call('HDEL', KEYS[1], id) else mine = lease end
        elseif not lease.stopped_by then
            if wanted[id] then stopping[#stopping + 1] = lease else others = others + 1 end
        end
    end
    if others >= asked.most then return cjson.encode({active = active}) end
    new.started_ms = now
    if mine then
        new.lease = mine.lease
        if mine.session == new.session then new.started_ms = mine.started_ms end
    end
    for _, lease in ipairs(stopping) do stop(lease, new) end
    keep(new, asked.expires_ms)
    return cjson.encode({lease = new.lease, current = others + 1})
end

if deed == 'list' then return cjson.encode({active = active}) end

local lease = leases[asked.lease]
if deed == 'give_back' then
    if lease and not lease.stopped_by then redis.call('HDEL', KEYS[1], lease.lease) end
    return '{}'
end
if deed == 'stop' then
    if lease and not lease.stopped_by then stop(lease, {lease = '', device_name = ''}) end
    return '{}'
end
if not lease then return cjson.encode({lost = 'expired'}) end
if lease.stopped_by then
    return cjson.encode({lost = 'taken_over', by = lease.stopped_by, by_name = lease.stopped_by_name})
end
if deed == 'look' then return cjson.encode({session = lease.session}) end
keep(lease, asked.expires_ms)
return '{}'
