import { randomBytes } from 'node:crypto';
import { env, Uri, type Webview } from 'vscode';

/** Where what runs in the panel lies; nothing else on the disk can be loaded. */
export function webviewRoot(extension: Uri): Uri {
  return Uri.joinPath(extension, 'dist', 'webview');
}

/** The page of a panel: one script and one style sheet, and nothing else may be loaded or run. */
export function webviewPage(webview: Webview, extension: Uri, name: 'graph' | 'training'): string {
  const at = (file: string) => webview.asWebviewUri(Uri.joinPath(webviewRoot(extension), file)).toString();
  const nonce = randomBytes(16).toString('base64');
  const policy = `default-src 'none'; style-src ${webview.cspSource}; script-src 'nonce-${nonce}';`;
  return `<!DOCTYPE html>
<html lang="${env.language}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="stylesheet" href="${at(`${name}.css`)}">
<title>AUTON</title>
</head>
<body>
<script nonce="${nonce}" src="${at(`${name}.js`)}"></script>
</body>
</html>`;
}
