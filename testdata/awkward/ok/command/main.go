// Command command shows that tests of package main run like others.
package main

import "fmt"

func main() { fmt.Println(words()) }

func words() int { return 3 }
