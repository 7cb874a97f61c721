import { randomBytes } from 'node:crypto';
import { env, Uri, type Webview } from 'vscode';

/** Where what runs in the panel lies; nothing else on the disk can be loaded. */
export function webviewRoot(extension: Uri): Uri {
  return Uri.joinPath(extension, 'dist', 'webview');
}

/** The page of the graph's panel: one script and one style sheet, and nothing else may be loaded or run. */
export function graphPage(webview: Webview, extension: Uri): string {
  const at = (name: string) => webview.asWebviewUri(Uri.joinPath(webviewRoot(extension), name)).toString();
  const nonce = randomBytes(16).toString('base64');
  const policy = `default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}';`;
  return `<!DOCTYPE html>
<html lang="${env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${at('graph.css')}">
<title>AUTON</title>
</head>
<body>
<script nonce="${nonce}" src="${at('graph.js')}"></script>
</body>
</html>`;
}
