// Draws the API description; the assets are served by the application itself.
"use strict";
const place = document.getElementById("swagger-ui");
SwaggerUIBundle({ url: place.dataset.url, domNode: place, deepLinking: true, docExpansion: "list", tryItOutEnabled: true });
