-- Shared by every script of the log. Topics: "session:<slug>" for a show, "site".
-- Keys of a topic: head (hash: run, epoch, seq, is_seeded, host), log (stream, ids <seq>-0), state (hash of JSON values),
-- items (hash: sku -> JSON), chat, announcements (lists of JSON), presence (hash: process -> "<sockets> <ms>"),
-- audience (hash: life, watched_ms), uniques (HyperLogLog of viewers' words).
-- Shared by all topics: availability (hash: sku -> "<version> <event as JSON>"), shows:<sku> (set of topics),
-- topics (set: those that may have a head).
local ROOT = 'showfloor:rt:'
local LOG_MAX, CHAT_MAX = 1000, 50
local KEEP_S = 2 * 24 * 3600

local function key(topic, name) return ROOT .. topic .. ':' .. name end

local function now_ms()
    local time = redis.call('TIME')
    return time[1] * 1000 + math.floor(time[2] / 1000)
end

local function keep(topic)
    for _, name in ipairs({'head', 'log', 'state', 'items', 'chat', 'announcements'}) do redis.call('EXPIRE', key(topic, name), KEEP_S) end
end

-- The epoch names this run of Redis and the birth of this log, so that a Redis that restarted, was emptied or went
-- back in time never passes for the old one. Whatever an older epoch knew is dropped and seeded again.
local function open(topic)
    local run = string.match(redis.call('INFO', 'server'), 'run_id:(%x+)')
    local head = redis.call('HMGET', key(topic, 'head'), 'run', 'epoch', 'seq', 'is_seeded')
    if head[1] == run then return head[2], tonumber(head[3]), head[4] == '1' end
    local time = redis.call('TIME')
    local epoch = string.format('%s-%s.%06d', string.sub(run, 1, 8), time[1], time[2])
    for _, name in ipairs({'log', 'state', 'items', 'chat', 'announcements'}) do redis.call('DEL', key(topic, name)) end
    redis.call('SADD', ROOT .. 'topics', topic)
    redis.call('HSET', key(topic, 'head'), 'run', run, 'epoch', epoch, 'seq', 0, 'is_seeded', 0)
    keep(topic)
    return epoch, 0, false
end

local function list_of(json)
    return json and cjson.decode(json) or {}
end

-- A value of an event as it was written: decoding and encoding would lose an empty list and the order of names.
local function value_of(json, name)
    return string.match(json, '"' .. name .. '":(.*)}$')
end

-- The entry of a list (of chat, of announcements) that has this id, and its place from 0.
local function find(topic, name, id)
    for place, json in ipairs(redis.call('LRANGE', key(topic, name), 0, -1)) do
        if cjson.decode(json).id == id then return json, place - 1 end
    end
end

-- What an event does to the state that a snapshot shows. The same rules as realtime/state.py and static/js/reduce.js.
local function store(topic, event, json)
    local kind, state = event.type, key(topic, 'state')
    if kind == 'chat' then
        if find(topic, 'chat', event.id) then return end
        redis.call('RPUSH', key(topic, 'chat'), json)
        redis.call('LTRIM', key(topic, 'chat'), -CHAT_MAX, -1)
    elseif kind == 'chat_removed' then
        local found = find(topic, 'chat', event.id)
        if found then redis.call('LREM', key(topic, 'chat'), 1, found) end
    elseif kind == 'announcement' then
        local found, place = find(topic, 'announcements', event.id)
        if found then redis.call('LSET', key(topic, 'announcements'), place, json)
        else redis.call('RPUSH', key(topic, 'announcements'), json) end
    elseif kind == 'announcement_ended' then
        local found = find(topic, 'announcements', event.id)
        if found then redis.call('LREM', key(topic, 'announcements'), 1, found) end
    elseif kind == 'item' then
        redis.call('HSET', key(topic, 'items'), event.sku, json)
    elseif kind == 'run_list' then
        for _, sku in ipairs(list_of(redis.call('HGET', state, 'run_list'))) do
            redis.call('SREM', ROOT .. 'shows:' .. sku, topic)
        end
        for _, sku in ipairs(event.skus) do redis.call('SADD', ROOT .. 'shows:' .. sku, topic) end
        redis.call('HSET', state, 'run_list', #event.skus == 0 and '[]' or cjson.encode(event.skus))
    elseif kind == 'pin' then
        redis.call('HSET', state, 'pinned_sku', cjson.encode(event.sku))
    elseif kind == 'session' then
        redis.call('HSET', state, 'state', cjson.encode(event.state))
    elseif kind == 'message_pin' then
        redis.call('HSET', state, 'pinned_message', value_of(json, 'message'))
    elseif kind == 'slow_mode' then
        redis.call('HSET', state, 'slow_mode_s', event.seconds)
    elseif kind == 'viewers' then
        redis.call('HSET', state, 'viewers', event.count)
    elseif kind == 'likes' then
        redis.call('HSET', state, 'likes', event.likes, 'dislikes', event.dislikes)
    end
end

-- Number these events, remember them, change the state, tell every hub. One message: nobody sees half of them.
local function append(topic, epoch, seq, events)
    local from = seq + 1
    for _, json in ipairs(events) do
        seq = seq + 1
        redis.call('XADD', key(topic, 'log'), 'MAXLEN', '~', LOG_MAX, seq .. '-0', 'e', json)
        store(topic, cjson.decode(json), json)
    end
    redis.call('HSET', key(topic, 'head'), 'seq', seq)
    keep(topic)
    local frame = string.format('{"epoch":"%s","from":%d,"to":%d,"events":[', epoch, from, seq)
    redis.call('PUBLISH', ROOT .. topic, frame .. table.concat(events, ',') .. ']}')
    return seq
end

-- Cache a newer number of a SKU and tell every show that has it. The same one read again only renews `as_of`.
local function set_availability(sku, version, json)
    local cached = redis.call('HGET', ROOT .. 'availability', sku)
    local known = cached and tonumber(string.match(cached, '^%d+'))
    if known and known > version then return 0 end
    redis.call('HSET', ROOT .. 'availability', sku, string.format('%.0f %s', version, json))
    if known == version then return 0 end
    for _, topic in ipairs(redis.call('SMEMBERS', ROOT .. 'shows:' .. sku)) do
        if redis.call('EXISTS', key(topic, 'head')) == 1 then
            local epoch, seq = open(topic)
            append(topic, epoch, seq, {json})
        else
            redis.call('SREM', ROOT .. 'shows:' .. sku, topic)
        end
    end
    return 1
end
