// Command mutants shows that the tests can fail: it plants eight bugs, each behind a build tag of its own, and has the tests
// run that are to catch it, the simulation among them. A test that misses a bug it is to catch makes the command fail. It judges
// tests, not the product.
//
// A planted bug is a file mutant_<name>.go that stands in for the file beside it with the same function, so that the shipped
// code knows nothing of it.
package main

// mutant is one planted bug and who is to catch it, each of them.
type mutant struct {
	name string // the build tag is mutant_<name>
	bug  string
	by   []check
}

// check is some tests of one package.
type check struct {
	pkg   string
	tests []string
	tags  string
	args  []string // of the test binary
}

func inJournal(tests ...string) check { return check{pkg: "./gateway/journal", tests: tests} }
func inGateway(tests ...string) check { return check{pkg: "./gateway", tests: tests} }
func inWriter(tests ...string) check  { return check{pkg: "./gateway/writer", tests: tests} }
func inStore(tests ...string) check {
	return check{pkg: "./central/store", tests: tests, args: []string{"-engine", "sqlite"}}
}

// simulation is a day of faults: flushes fail, power goes, disks come back from old images and receipts are lost in it.
var simulation = check{
	pkg: "./test/simulation", tests: []string{"TestNothingIsLostInDaysOfFaults"}, tags: "simulation", args: []string{"-seed", "1", "-days", "1"},
}

var mutants = []mutant{
	{"fsync_skipped", "the journal answers before its disk has the tap", []check{
		inJournal("TestPowerCutLosesNothingAcknowledged"), simulation,
	}},
	{"continue_after_eio", "the journal goes on after a storage error", []check{
		inJournal("TestFirstStorageErrorIsLatched", "TestFailedFlushIsNotBelievedAfterRestart"), simulation,
	}},
	{"watermark_before_fsync", "readers see a tap that is not on disk yet", []check{
		inJournal("TestNothingIsShownBeforeItIsDurable"), simulation,
	}},
	{"no_dedup", "central takes a record again that it has", []check{
		inStore("TestIngestStoresEachRecordOnce", "TestAnyDeliveryOfAStreamStoresItOnce"), simulation,
	}},
	{"ack_before_commit", "central answers before it has committed", []check{
		inStore("TestIngestStoresEachRecordOnce", "TestIngestIsAllOrNothing"), simulation,
	}},
	{"seq_reuse", "a journal that begins anew gives its numbers once more", []check{
		inJournal("TestNewStreamKeepsTheOldOne"), inWriter("TestRestreamCarriesTheTapsOfThisRunOver"), simulation,
	}},
	{"no_new_stream", "a disk that is an older copy of itself goes on under its old name", []check{
		inWriter("TestRestreamCarriesTheTapsOfThisRunOver"), inGateway("TestOldImageIsCarriedOver", "TestRestreamIsBounded"), simulation,
	}},
	{"red_taps_dropped", "who was refused leaves no trace", []check{
		inWriter("TestRestreamCarriesTheTapsOfThisRunOver"), inGateway("TestTapFromCardToCentral", "TestRecordOfATap"), simulation,
	}},
}
