"""What imitates the Supervisely platform: projects, files, modules and their names."""
