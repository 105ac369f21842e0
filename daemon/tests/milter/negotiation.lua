-- Only what is used is asked for, and nothing that the server does not offer.
-- miltertest takes version, steps, actions: its manual has the last two the other way round.
local function fail(why) mt.echo("FAILED: " .. why) error(why) end
conn = mt.connect(socket)
if conn == nil then fail("no connection") end
if mt.negotiate(conn, 6, 0x1fffff, 0x1ff) ~= nil then fail("the negotiation failed") end
for name, wanted in pairs({ADDHDRS = SMFIF_ADDHDRS, CHGHDRS = SMFIF_CHGHDRS, QUARANTINE = SMFIF_QUARANTINE}) do
  if not mt.test_action(conn, wanted) then fail(name .. " is not asked for") end
end
for name, unwanted in pairs({CHGBODY = SMFIF_CHGBODY, ADDRCPT = SMFIF_ADDRCPT, DELRCPT = SMFIF_DELRCPT}) do
  if mt.test_action(conn, unwanted) then fail(name .. " is asked for, and never used") end
end
for name, wanted in pairs({NOUNKNOWN = SMFIP_NOUNKNOWN, NODATA = SMFIP_NODATA, SKIP = SMFIP_SKIP, NOHREPL = SMFIP_NR_HDR}) do
  if not mt.test_option(conn, wanted) then fail(name .. " is not asked for") end
end
for name, unwanted in pairs({NOBODY = SMFIP_NOBODY, NOHDRS = SMFIP_NOHDRS, NORCPT = SMFIP_NORCPT, NOMAIL = SMFIP_NOMAIL}) do
  if mt.test_option(conn, unwanted) then fail(name .. " is asked for: mail would not be seen") end
end
mt.disconnect(conn)

-- A server that can leave nothing out, in the oldest version that is spoken.
conn = mt.connect(socket)
if mt.negotiate(conn, 2, 0, 0x3f) ~= nil then fail("version 2 is refused") end
if mt.test_option(conn, SMFIP_NR_HDR) or mt.test_option(conn, SMFIP_SKIP) then fail("more than was offered") end
if mt.conninfo(conn, "client.example", "198.51.100.7") ~= nil then fail("no answer") end
if mt.getreply(conn) ~= SMFIR_CONTINUE then fail("connect: " .. mt.getreply(conn)) end
mt.disconnect(conn)

-- One with too little on offer cannot be served: the session ends, the daemon does not.
conn = mt.connect(socket)
if mt.negotiate(conn, 6, 0, 0x01) == nil then fail("served without the means to mark mail") end
mt.disconnect(conn, false)
