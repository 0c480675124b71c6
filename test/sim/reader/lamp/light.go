// Package lamp is the light of a simulated reader as a person in front of it sees it: colours over time in, a named
// Light out. It does not know which protocol set the colours, nor what a light means to anybody.
package lamp

// Light is what a person would say the reader showed.
type Light uint8

// The lights people can tell apart at a door.
const (
	None      Light  = iota // nothing was shown, or the reader has no light
	Off                     // dark
	Blue                    // steady
	Green                   // steady or flashing
	Red                     // once, or flashing for long
	Amber                   // steady or flashing
	BlueBlink               // blue that goes on and off
	RedDouble               // exactly two red flashes
	Other                   // another colour
	Lights    = iota        // how many lights there are: the length of an array indexed by Light
)

var lightNames = [Lights]string{"none", "off", "blue", "green", "red", "amber", "blue_blink", "red_double", "other"}

// String is the name of the light as reports print it, e.g. "blue_blink".
func (l Light) String() string {
	if int(l) < len(lightNames) {
		return lightNames[l]
	}
	return "unknown"
}

// Lit reports whether something shines.
func (l Light) Lit() bool { return l > Off }
