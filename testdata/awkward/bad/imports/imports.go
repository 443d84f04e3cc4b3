// Package imports imports a package that does not compile.
package imports

import "example.com/awkward/bad/compile"

// Number is somebody else's.
const Number = compile.Number
