package osdp

// Commands of a control panel (SIA OSDP v2.2, annex A).
const (
	cmdPoll      = 0x60
	cmdID        = 0x61
	cmdCap       = 0x62
	cmdLocal     = 0x64 // LSTAT
	cmdOutputs   = 0x66 // OSTAT
	cmdOut       = 0x68
	cmdLED       = 0x69
	cmdBuzzer    = 0x6A
	cmdText      = 0x6B
	cmdComSet    = 0x6E
	cmdKeySet    = 0x75
	cmdChallenge = 0x76 // CHLNG
	cmdProof     = 0x77 // SCRYPT
	cmdACURxSize = 0x7B
	cmdKeepAlive = 0xA7 // KEEPACTIVE
)

// Replies of a device.
const (
	replyAck     = 0x40
	replyNak     = 0x41
	replyID      = 0x45 // PDID
	replyCap     = 0x46 // PDCAP
	replyLocal   = 0x48 // LSTATR
	replyOutputs = 0x4A // OSTATR
	replyRaw     = 0x50
	replyFmt     = 0x51
	replyKeys    = 0x53 // KEYPAD
	replyCom     = 0x54

	replyCryptogram = 0x76 // CCRYPT
	replyInitialMAC = 0x78 // RMAC_I
	replyBusy       = 0x79
)

// Reasons of a NAK.
const (
	nakCheck    = 1 // the check of the command was wrong
	nakLength   = 2 // the command has the wrong length
	nakUnknown  = 3
	nakSequence = 4
	nakSecurity = 5 // security block not supported
	nakNeedsKey = 6 // the command needs a secure channel
	nakRecord   = 9 // a record of the command cannot be carried out
	nakReasons  = 10
)
