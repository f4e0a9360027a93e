const x = require("fs");
// eval(atob("x"))
module.exports = x;
