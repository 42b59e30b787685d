import '@fontsource-variable/figtree/wght.css'
import './styles/base.css'
import './styles/layout.css'
import './styles/forms.css'
import './styles/settings.css'
import { render } from 'preact'
import { App } from './app.tsx'
import { followLinks } from './navigation.ts'

followLinks()
const root = document.getElementById('app')
if (root) render(<App />, root)
