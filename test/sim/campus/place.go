package campus

// Building is one building with its rooms. Number counts from 1: it is the gateway's in the runner's flags.
type Building struct {
	Number int
	ID     string // also the name of its gateway
	Name   string
	Rooms  []Room
}

// Room is a teaching room. One reader hangs at its door.
type Room struct {
	ID, Name string
	Kind     ReaderKind
}

// Point is where the reader hangs.
func (r Room) Point() string { return r.ID + "/door" }

// ReaderKind is what hangs at a door.
type ReaderKind uint8

// The kinds of reader on this campus.
const (
	OSDP    ReaderKind = iota // on a two-wire bus under a key of its own, reads W26 cards
	TWN4                      // a desk reader on a USB line of its own, reads the chip's UID
	PN532                     // a module with three LEDs on a line of its own, reads the chip's UID
	QR                        // a scanner without a light on a line of its own, reads printed codes
	RDM6300                   // a module without a light on a line of its own, reads EM4100 tags
)

// Buildings are the campus: three buildings, twelve rooms, and what a university has bought over the years at their doors.
var Buildings = []Building{
	{1, "library", "Library", []Room{
		{"LIB-0.01", "Library seminar room 1", OSDP}, {"LIB-0.02", "Library seminar room 2", OSDP}, {"LIB-1.10", "Rare books room", TWN4},
		{"LIB-1.11", "Library lecture theatre", OSDP}, {"LIB-2.01", "Reading group room", OSDP},
	}},
	{2, "science", "Science Building", []Room{
		{"SCI-0.12", "Teaching laboratory", OSDP}, {"SCI-1.03", "Physics lecture theatre", OSDP},
		{"SCI-1.04", "Computer classroom", PN532}, {"SCI-2.20", "Chemistry seminar room", OSDP},
	}},
	{3, "union", "Students' Union", []Room{
		{"UNI-0.05", "Debating chamber", OSDP}, {"UNI-1.01", "Union seminar room", QR}, {"UNI-B.02", "Basement studio", RDM6300},
	}},
}

// Rooms are all rooms in the order of Buildings.
func Rooms() []Room {
	var all []Room
	for _, b := range Buildings {
		all = append(all, b.Rooms...)
	}
	return all
}

// BuildingOf is the building of a room; nil if there is no such room.
func BuildingOf(room string) *Building {
	for i := range Buildings {
		for _, r := range Buildings[i].Rooms {
			if r.ID == room {
				return &Buildings[i]
			}
		}
	}
	return nil
}

func kindOf(room string) ReaderKind {
	for _, r := range Rooms() {
		if r.ID == room {
			return r.Kind
		}
	}
	return OSDP
}
