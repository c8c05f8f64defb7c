"use strict";
openView(JSON.parse(document.getElementById("content").textContent));
