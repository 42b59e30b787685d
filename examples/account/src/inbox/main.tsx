import '@fontsource-variable/figtree/wght.css'
import '../styles/base.css'
import '../styles/inbox.css'
import { render } from 'preact'
import { Inbox } from './inbox.tsx'

const root = document.getElementById('app')
if (root) render(<Inbox />, root)
